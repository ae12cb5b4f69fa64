import { expect, test } from '@playwright/test';
import { startLoad } from '../scripts/measure/load.ts';
import { poll } from '../scripts/measure/poll.ts';
import { query, targets } from '../scripts/measure/prometheus.ts';
import { getText } from '../scripts/measure/scrape.ts';
import { Stack, WORKERS } from './stack.ts';

const REQUESTS = 400;
const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 120_000, everyMs: 500 };
const PINGS = 'http_requests_total{route="/ping"}';
const HISTOGRAM = '{__name__=~"http_request_duration_seconds_.*",route="/ping"}';

test('the second scrape job follows the workers, and the totals stay those of the first', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const stack = await Stack.start({ sharing: true, environment: { SCRAPE_WORKERS: '1' } });
  const sumsByJob = async (selector: string, aggregate = 'sum') => {
    const found = await query(stack.prometheusUrl, `${aggregate} by (job) (${selector})`);
    return Object.fromEntries(found.map(({ labels, value }) => [labels.job, value]));
  };
  const workersUp = async (wanted: number) => {
    const up = async () => {
      const own = (await targets(stack.prometheusUrl)).filter(({ job }) => job === 'app-workers');
      if (own.length !== wanted || own.some(({ health }) => health !== 'up')) {
        throw new Error(JSON.stringify(own));
      }
      return true;
    };
    await poll(`${wanted} workers as targets, all up`, up, DEADLINE);
  };
  try {
    await workersUp(WORKERS);
    const load = {
      url: `${stack.publicUrl}/ping`,
      connections: 16,
      maxRequests: REQUESTS,
      durationMs: 60_000,
      requestTimeoutMs: 20_000,
    };
    expect((await startLoad(load).done).byStatus).toEqual({ 200: REQUESTS });
    const agree = async () => {
      const sums = await sumsByJob(PINGS);
      const same = sums.app === REQUESTS && sums['app-workers'] === REQUESTS;
      if (!same) throw new Error(JSON.stringify(sums));
      return true;
    };
    await poll('the same sum by both ways', agree, DEADLINE);

    const series = await sumsByJob('{job=~"app.*"}', 'count');
    const histogram = await sumsByJob(HISTOGRAM, 'count');
    console.log(`${WORKERS} workers, series in all: ${JSON.stringify(series)}`);
    console.log(`${WORKERS} workers, series of one label set of one histogram: ${JSON.stringify(histogram)}`);
    expect(histogram['app-workers']).toBeGreaterThan(histogram.app!);
    const recorded = await query(stack.prometheusUrl, 'job:http_requests:rate1m');
    expect(recorded.map(({ labels }) => labels.job)).toEqual(['app']);

    const seen = JSON.parse(await getText(`${stack.doorUrl}/targets`, 10_000)) as {
      labels: { worker: string };
    }[];
    expect(seen.map(({ labels }) => labels.worker)).toEqual(['0', '1', '2', '3']);
    await stack.script('scale', '2');
    await workersUp(2);
    const left = await sumsByJob(PINGS);
    console.log(`2 workers left: ${JSON.stringify(left)}`);
    expect(left.app).toBe(REQUESTS);
    await stack.script('scale', String(WORKERS));
    await workersUp(WORKERS);
    await poll('successors that carry on from the same counts', agree, DEADLINE);
  } finally {
    await stack.down();
  }
});
