import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { WORKERS } from '../../e2e/support/stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { startLoad } from '../test-kit/load.ts';
import { query, targets } from '../test-kit/prometheus.ts';
import { getText } from '../test-kit/scrape.ts';

const REQUESTS = 400;
/** Number of workers. Many workers mean many targets and many buckets. */
const MANY = 8;
const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 120_000, everyMs: 500 };
/** Longer than nginx keeps idle connections, so each round opens new ones and reaches new workers. */
const ROUNDS = { deadlineMs: 120_000, everyMs: 5_000 };
const PINGS = 'http_requests_total{route="/ping"}';
const HISTOGRAM = '{__name__=~"http_request_duration_seconds(_.*)?",route="/ping"}';
const COUNT_CLASSIC = 'http_request_duration_seconds_count{route="/ping"}';
const COUNT_CONVERTED = 'histogram_count(http_request_duration_seconds{route="/ping"})';
const P99_CLASSIC =
  'histogram_quantile(0.99, sum by (le) (http_request_duration_seconds_bucket{job="app",route="/ping"}))';
const P99_CONVERTED = 'histogram_quantile(0.99, sum(http_request_duration_seconds{job="app",route="/ping"}))';

let stack: ComposeStack;
/** URL of the Prometheus that converts histograms. */
let convertingUrl = '';
let sent = 0;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['kit/specs/fixtures/nhcb.compose.yml'],
    environment: { SCRAPE_WORKERS: '1' },
  });
  const address = (await stack.compose('port', 'prometheus-nhcb', '9090')).trim();
  convertingUrl = `http://${address}`;
});

test.afterAll(() => stack?.down());

async function byJob(url: string, selector: string, aggregate = 'sum'): Promise<Record<string, number>> {
  const found = await query(url, `${aggregate} by (job) (${selector})`);
  return Object.fromEntries(found.map(({ labels, value }) => [labels.job, value]));
}

async function workersUp(expected: number): Promise<void> {
  await poll(
    `${expected} workers as targets of both Prometheus servers, all up`,
    async () => {
      for (const url of [stack.prometheusUrl, convertingUrl]) {
        const own = (await targets(url)).filter(({ job }) => job === 'app-workers');
        if (own.length !== expected || own.some(({ health }) => health !== 'up')) {
          throw new Error(`${url}: ${JSON.stringify(own)}`);
        }
      }
      return true;
    },
    DEADLINE,
  );
}

async function pings(): Promise<void> {
  const load = { connections: 16, maxRequests: REQUESTS, durationMs: 60_000, requestTimeoutMs: 20_000 };
  expect((await startLoad({ ...load, url: `${stack.publicUrl}/ping` }).done).byStatus).toEqual({
    200: REQUESTS,
  });
  sent += REQUESTS;
}

/** Resolves once both jobs of both Prometheus servers report all requests, in the counter and in the histogram. */
async function allCounted(): Promise<void> {
  await poll(
    `${sent} requests in both jobs`,
    async () => {
      for (const [url, count] of [
        [stack.prometheusUrl, COUNT_CLASSIC],
        [convertingUrl, COUNT_CONVERTED],
      ] as const) {
        for (const counted of [PINGS, count]) {
          const sums = await byJob(url, counted);
          const same = sums.app === sent && sums['app-workers'] === sent;
          if (!same) throw new Error(`${counted} at ${url}: ${JSON.stringify(sums)}`);
        }
      }
      return true;
    },
    DEADLINE,
  );
}

/** Checks the number of series of one histogram with one label set, once each worker has one. */
async function checkSeries(workers: number): Promise<void> {
  const counts = await poll(
    `each of ${workers} workers has answered`,
    async () => {
      await pings();
      await allCounted();
      const classic = await byJob(stack.prometheusUrl, HISTOGRAM, 'count');
      const converted = await byJob(convertingUrl, HISTOGRAM, 'count');
      if (converted['app-workers'] !== workers) throw new Error(JSON.stringify({ classic, converted }));
      return { classic, converted };
    },
    ROUNDS,
  );
  const all = '{job=~"app.*"}';
  const inAll = {
    classic: await byJob(stack.prometheusUrl, all, 'count'),
    converted: await byJob(convertingUrl, all, 'count'),
  };
  console.log(`${workers} workers, series of one label set of one histogram: ${JSON.stringify(counts)}`);
  console.log(`${workers} workers, series in all: ${JSON.stringify(inAll)}`);
  expect(counts.converted.app).toBe(1);
  expect(counts.classic.app).toBeGreaterThan(10);
  expect(counts.classic['app-workers']).toBe(workers * counts.classic.app!);
}

test('job app-workers follows the workers, and its sums equal the totals of job app', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  await workersUp(WORKERS);
  await checkSeries(WORKERS);
  // A rate needs two scrapes and then one rule evaluation.
  const recorded = await poll(
    'a recorded rate',
    async () => {
      const found = await query(stack.prometheusUrl, 'job:http_requests:rate1m');
      return found.length > 0 ? found : undefined;
    },
    DEADLINE,
  );
  expect(recorded.map(({ labels }) => labels.job)).toEqual(['app']);
  const seen = JSON.parse(await getText(`${stack.metricsUrl}/targets`, 10_000)) as {
    labels: { worker: string };
  }[];
  expect(seen.map(({ labels }) => labels.worker)).toEqual(['0', '1', '2', '3']);

  await stack.script('scale', String(MANY));
  await workersUp(MANY);
  await checkSeries(MANY);

  await stack.script('scale', '2');
  await workersUp(2);
  const left = await poll(
    'totals after a successful scrape',
    async () => {
      const sums = await byJob(stack.prometheusUrl, PINGS);
      return sums.app === undefined ? undefined : sums;
    },
    DEADLINE,
  );
  console.log(`2 workers left: ${JSON.stringify(left)} of ${sent}`);
  expect(left.app).toBe(sent);
  await stack.script('scale', String(MANY));
  await workersUp(MANY);
  await allCounted();
});

test('a histogram converted to one series gives the same quantile and count', async () => {
  await pings();
  await allCounted();
  const one = async (url: string, expression: string) => {
    const [result, ...more] = await query(url, expression);
    expect(more, expression).toEqual([]);
    expect(result, expression).toBeDefined();
    return result!.value;
  };
  const classic = await one(stack.prometheusUrl, P99_CLASSIC);
  const converted = await one(convertingUrl, P99_CONVERTED);
  const count = await one(
    convertingUrl,
    'histogram_count(http_request_duration_seconds{job="app",route="/ping",status="200"})',
  );
  console.log(
    `of ${count} requests 99 of 100 take at most ${classic} s by buckets, ${converted} s converted`,
  );
  expect(classic).toBeGreaterThan(0);
  expect(converted).toBeCloseTo(classic, 9);
  expect(count).toBe(sent);
  const parts = '{__name__=~"http_request_duration_seconds_(bucket|sum|count)"}';
  expect(await query(convertingUrl, parts), 'no classic series are left').toEqual([]);
});
