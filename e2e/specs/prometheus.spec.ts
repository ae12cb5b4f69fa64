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
/** `resets(...[5m])`, or since this test began: another one before it may have restarted the app on purpose. */
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
  // A target is called up a moment before its sample is stored, and that of an app created anew goes on for two scrapes.
  await poll(
    'a sample of each that says so',
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
    'the same total of /ping at the metrics door and in Prometheus',
    async () => {
      const door = total(await scrape(`${stack.metricsUrl}/metrics`, DEADLINE_MS), 'http_requests_total', {
        route: '/ping',
      });
      const shown = await sumOfJob(stack.prometheusUrl, 'app', 'http_requests_total{route="/ping"}');
      if (shown !== door) throw new Error(`Prometheus ${shown}, metrics door ${door}`);
      return door;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 500 },
  );
  const window = Math.min(WINDOW_S, Math.ceil((Date.now() - began) / 1_000));
  const resets = await query(stack.prometheusUrl, `resets(http_requests_total[${window}s])`);
  console.log(
    `prometheus: ${figures(measured)}; both say ${agreed}; ${resets.length} series without a reset`,
  );
  expect(resets.length).toBeGreaterThan(0);
  expect(resets.filter(({ value }) => value !== 0)).toEqual([]);
});
