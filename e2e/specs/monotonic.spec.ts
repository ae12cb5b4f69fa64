import { type Counted, countedOf } from '../../kit/test-kit/counted.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import { AccessLogFollower } from '../support/access-log.ts';
import { expect, sharing, test } from '../support/fixtures.ts';
import { figures, measureUnderKills } from '../support/measurement.ts';
import { seedOfThisRun } from '../support/seed.ts';
import { WORKERS } from '../support/stack.ts';

const SECONDS = 22;
const KILLS = 20;
const TIMEOUT_MS = 10 * 60_000;
const SCRAPE_TIMEOUT_MS = 20_000;
const SETTLED = { forMs: 1_500, deadlineMs: 60_000 };

test('no counter falls and nothing counted is lost while workers are killed under load', async ({
  stack,
}, info) => {
  test.setTimeout(TIMEOUT_MS);
  // Without sharing, this URL shows the metrics of one worker, like a /metrics route in a plain cluster.
  const metricsUrl = stack.metricsUrl + (sharing ? '/metrics' : '/demo/unshared');
  const counted = async (): Promise<Counted> =>
    countedOf(await scrape(metricsUrl, SCRAPE_TIMEOUT_MS), '/ping');
  const log = await AccessLogFollower.open(stack);
  try {
    // Without sharing the count depends on the worker that answers, so only the log is awaited.
    const settle = async () => {
      await log.caughtUp();
      // nginx has two worker processes, and one of them may write later.
      await pollUntilStable(
        'log and counts',
        async () => [log.counts('/ping'), sharing && (await counted())],
        SETTLED,
      );
    };
    await settle();
    const [before, logBefore] = [await counted(), log.counts('/ping')];
    const measured = await measureUnderKills(stack, {
      scrapeUrl: metricsUrl,
      seconds: SECONDS,
      kills: KILLS,
      seed: seedOfThisRun(),
    });
    await settle();
    const [after, logAfter] = [await counted(), log.counts('/ping')];
    const answered = measured.load.byStatus[200] ?? 0;
    const attempts = logAfter.attempts - logBefore.attempts;
    const counter = after.counter - before.counter;
    const histogram = after.histogram - before.histogram;
    const slots = await stack.slotFiles();
    const report = { ...measured, answered, counter, histogram, attempts, slots };
    await info.attach('figures.json', {
      body: JSON.stringify(report, null, 2),
      contentType: 'application/json',
    });
    console.log(
      `monotonic: ${figures(measured)}; answered ${answered} <= counter ${counter}, histogram ${histogram} ` +
        `<= attempts ${attempts}; lost ${Math.max(0, answered - counter)}; ${slots.length} slot files`,
    );

    // expect.soft: every assertion runs, so a failure reports all violated guarantees.
    expect.soft(measured.scraping.scrapes, 'scrapes').toBeGreaterThanOrEqual(SECONDS);
    const { failed, firstFailure, decreases } = measured.scraping;
    expect.soft(failed, `failed scrapes, the first with ${firstFailure}`).toEqual({});
    expect.soft(decreases.slice(0, 3), `the first of ${decreases.length} decreases`).toEqual([]);
    expect.soft(answered, 'answered').toBeGreaterThan(1_000);
    expect
      .soft(logAfter.entries - logBefore.entries, 'entries in the access log')
      .toBeGreaterThanOrEqual(answered);
    for (const [what, value] of Object.entries({ counter, histogram })) {
      expect.soft(value, `${what}: counted >= answered`).toBeGreaterThanOrEqual(answered);
      expect.soft(value, `${what}: counted <= attempted`).toBeLessThanOrEqual(attempts);
    }
    expect.soft(slots.length, 'slot files, at most one per process').toBeLessThanOrEqual(WORKERS + 1);
    expect
      .soft(slots, 'nothing but slot files')
      .toEqual(slots.filter((name) => /^slot-\d+\.metrics$/.test(name)));
  } finally {
    log.close();
    await stack.settle();
  }
});
