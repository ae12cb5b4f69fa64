import { total } from '../../kit/test-kit/exposition.ts';
import { query, sumOfJob, targets } from '../../kit/test-kit/prometheus.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, test } from '../support/fixtures.ts';
import { figures, measureUnderKills } from '../support/measurement.ts';
import { seedOfThisRun } from '../support/seed.ts';

const SECONDS = 15;
const KILLS = 12;
const DEADLINE_MS = 90_000;
/** Longest range of `resets()`. It starts with the test, because an earlier test may have restarted the app. */
const WINDOW_S = 300;

test('Prometheus reaches the app, nginx and itself', async ({ stack }) => {
  await poll(
    'every target up',
    async () => {
      const seen = await targets(stack.prometheusUrl);
      const jobs = new Set(seen.map((target) => target.job));
      const all = ['app', 'nginx', 'prometheus'].every((job) => jobs.has(job));
      const up = all && seen.every((target) => target.health === 'up');
      if (!up) throw new Error(JSON.stringify(seen));
      return true;
    },
    { deadlineMs: DEADLINE_MS },
  );
  // A target is up before its sample is stored, and the sample of a recreated app stays for two scrapes.
  await poll(
    'a sample of `up` for each target',
    async () => {
      const up = await query(stack.prometheusUrl, 'up');
      if (up.length < 3 || up.some(({ value }) => value !== 1)) throw new Error(JSON.stringify(up));
      return true;
    },
    { deadlineMs: DEADLINE_MS },
  );
});

test('Prometheus sees no reset while workers are killed, and the same totals', async ({ stack }) => {
  const began = Date.now();
  const measured = await measureUnderKills(stack, {
    scrapeUrl: `${stack.metricsUrl}/metrics`,
    seconds: SECONDS,
    kills: KILLS,
    seed: seedOfThisRun(),
  });
  await stack.settle();

  const agreed = await poll(
    'the same total of /ping at the metrics port and in Prometheus',
    async () => {
      const scraped = total(await scrape(`${stack.metricsUrl}/metrics`, DEADLINE_MS), 'http_requests_total', {
        route: '/ping',
      });
      const shown = await sumOfJob(stack.prometheusUrl, 'app', 'http_requests_total{route="/ping"}');
      if (shown !== scraped) throw new Error(`Prometheus ${shown}, metrics port ${scraped}`);
      return scraped;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 500 },
  );
  const window = Math.min(WINDOW_S, Math.ceil((Date.now() - began) / 1_000));
  const resets = await query(stack.prometheusUrl, `resets(http_requests_total[${window}s])`);
  console.log(
    `prometheus: ${figures(measured)}; total ${agreed} in both; ${resets.length} series without a reset`,
  );
  expect(resets.length).toBeGreaterThan(0);
  expect(resets.filter(({ value }) => value !== 0)).toEqual([]);
});
