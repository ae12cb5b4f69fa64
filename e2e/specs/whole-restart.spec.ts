import { countedOf } from '../../kit/test-kit/counted.ts';
import { startLoad } from '../../kit/test-kit/load.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import { poll, pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import { type Epoch, epochOf, witnessesOf } from '../support/epoch.ts';
import { expect, test } from '../support/fixtures.ts';

const BEFORE = 600;
/** Fewer than BEFORE, health checks included, so that no new value reaches an old one. */
const DURING = 200;
const AFTER = 50;
const LOAD = { connections: 4, durationMs: 60_000, requestTimeoutMs: 20_000 };
const TIMEOUT_MS = 5_000;

test('a restart of the app resets all series once and together', async ({ stack }) => {
  const url = `${stack.publicUrl}/ping`;
  const metricsUrl = `${stack.metricsUrl}/metrics`;
  const counted = async () => countedOf(await scrape(metricsUrl, TIMEOUT_MS), '/ping');
  const old = (await stack.status()).primary.pid;
  for (const path of ['/ping', '/no-such-page']) {
    await startLoad({ ...LOAD, url: stack.publicUrl + path, maxRequests: BEFORE }).done;
  }
  await pollUntilStable('the count before', counted, { forMs: 500, deadlineMs: 30_000 });
  const witnesses = witnessesOf(await scrape(metricsUrl, TIMEOUT_MS), BEFORE);
  expect(witnesses.size, 'series that must be reset').toBeGreaterThanOrEqual(4);

  const epochs: Epoch[] = [];
  const scraping = startScraping({
    url: metricsUrl,
    everyMs: 100,
    timeoutMs: TIMEOUT_MS,
    onScrape: (exposition) => epochs.push(epochOf(witnesses, exposition)),
  });
  const trickle = startLoad({ ...LOAD, url, connections: 2, pauseMs: 100, maxRequests: DURING });
  try {
    await poll('scrapes before the restart', () => (epochs.length >= 5 ? true : undefined), {
      deadlineMs: 30_000,
    });
    await stack.restartApp();
    const { primary } = await stack.settle();
    expect(primary.pid, 'a new primary').not.toBe(old);
    const seen = epochs.length;
    await poll('scrapes after the restart', () => (epochs.length >= seen + 10 ? true : undefined), {
      deadlineMs: 30_000,
    });
  } finally {
    await trickle.stop();
    await scraping.stop();
  }
  const { scrapes, failed, decreases } = scraping.report;
  const changes = epochs.filter((epoch, i) => i > 0 && epoch !== epochs[i - 1]).length;
  const failures = Object.values(failed).reduce((a, b) => a + b, 0);
  console.log(
    `whole restart: ${scrapes} scrapes, ${failures} failed while restarting, ${changes} change of ${witnesses.size} ` +
      `series, ${epochs.filter((epoch) => epoch === 'mixed').length} mixed`,
  );
  expect(epochs).not.toContain('mixed');
  expect([epochs[0], changes, epochs.at(-1)], 'old, then new, once').toEqual(['old', 1, 'new']);
  expect(new Set(decreases.map((decrease) => decrease.at)).size, 'scrapes in which a series fell').toBe(1);

  const start = await pollUntilStable('the new count', counted, { forMs: 500, deadlineMs: 30_000 });
  const load = await startLoad({ ...LOAD, url, maxRequests: AFTER }).done;
  expect(load.byStatus).toEqual({ 200: AFTER });
  expect(await counted()).toEqual({ counter: start.counter + AFTER, histogram: start.histogram + AFTER });
});
