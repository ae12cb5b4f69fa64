import { total } from '../../kit/test-kit/exposition.ts';
import { type LoadReport, startLoad } from '../../kit/test-kit/load.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import { poll, pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import { expect, test } from '../support/fixtures.ts';
import { type Stack, WORKERS } from '../support/stack.ts';

const LOAD = {
  connections: 8,
  pauseMs: 5,
  maxRequests: 100_000,
  durationMs: 120_000,
  requestTimeoutMs: 15_000,
};
/** An unknown path: the 404 of the app is a response like any other, and nginx never retries a POST. */
const POST_PATH = '/e2e-post';
const BODY = 'x'.repeat(2_000);
const TIMEOUT_MS = 20_000;
const SETTLED = { forMs: 1_500, deadlineMs: 60_000 };
/** Requests of each kind before the first operation. */
const WARM = 200;

interface Counted {
  readonly get: number;
  readonly post: number;
}

async function counted(stack: Stack): Promise<Counted> {
  const shown = await scrape(`${stack.metricsUrl}/metrics`, TIMEOUT_MS);
  return {
    get: total(shown, 'http_requests_total', { route: '/ping' }),
    post: total(shown, 'http_requests_total', { method: 'POST', route: 'unmatched' }),
  };
}

const pidsOf = async (stack: Stack) => (await stack.status()).workers.map(({ pid }) => pid);

function summary({ sent, byStatus, byCause }: LoadReport): string {
  return `${sent} sent, ${JSON.stringify(byStatus)}, failed ${JSON.stringify(byCause)}`;
}

interface Seen {
  /** Largest number of worker processes at one time. */
  readonly processes: number;
  readonly slots: number;
}

/** Runs an operation under load by GET and POST. Expects that no request fails, no count is lost and no counter falls. */
async function underLoad(stack: Stack, what: string, operate: () => Promise<void>): Promise<Seen> {
  const before = await pollUntilStable('the counts', () => counted(stack), SETTLED);
  let processes = 0;
  const scraping = startScraping({
    url: `${stack.metricsUrl}/metrics`,
    everyMs: 100,
    timeoutMs: TIMEOUT_MS,
    onScrape: (shown) => {
      processes = Math.max(processes, total(shown, 'app_workers'));
    },
  });
  const get = startLoad({ ...LOAD, url: `${stack.publicUrl}/ping` });
  const post = startLoad({ ...LOAD, url: stack.publicUrl + POST_PATH, body: BODY });
  try {
    const warm = () => (Math.min(get.report.answered, post.report.answered) >= WARM ? true : undefined);
    await poll('answers', warm, { deadlineMs: 60_000 });
    await operate();
  } finally {
    await Promise.all([get.stop(), post.stop()]);
    await scraping.stop();
  }
  const after = await pollUntilStable('the counts', () => counted(stack), SETTLED);
  const slots = (await stack.slotFiles()).length;
  const { scrapes, failed, firstFailure, decreases, slowestMs } = scraping.report;
  console.log(
    `${what}: GET ${summary(get.report)}; POST ${summary(post.report)}; counted ${after.get - before.get} and ` +
      `${after.post - before.post}; ${scrapes} scrapes, slowest ${slowestMs.toFixed(0)} ms, ${decreases.length} decreases; ` +
      `at most ${processes} workers at a time, ${slots} slot files`,
  );
  expect.soft(get.report.byStatus, JSON.stringify(get.report.byCause)).toEqual({ 200: get.report.sent });
  expect.soft(post.report.byStatus, JSON.stringify(post.report.byCause)).toEqual({ 404: post.report.sent });
  expect.soft(after.get - before.get, 'GET counted').toBe(get.report.answered);
  expect.soft(after.post - before.post, 'POST counted').toBe(post.report.answered);
  expect.soft(failed, `failed scrapes, the first with ${firstFailure}`).toEqual({});
  expect.soft(decreases.slice(0, 3), `the first of ${decreases.length} decreases`).toEqual([]);
  return { processes, slots };
}

test('scripts/reload replaces every worker twice under load, and no request or count is lost', async ({
  stack,
}) => {
  const seen = [await pidsOf(stack)];
  const { processes, slots } = await underLoad(stack, 'reload', async () => {
    for (let i = 0; i < 2; i++) {
      expect(await stack.script('reload')).toBe(`reloaded: ${WORKERS} workers\n`);
      seen.push(await pidsOf(stack));
    }
  });
  expect(new Set(seen.flat()).size, 'each reload replaced all workers').toBe(3 * WORKERS);
  expect(processes, 'one additional worker at a time').toBe(WORKERS + 1);
  expect(slots).toBeLessThanOrEqual(WORKERS + 1);
  const shown = await scrape(`${stack.metricsUrl}/metrics`, TIMEOUT_MS);
  expect(total(shown, 'app_reloads_total', { result: 'done' })).toBeGreaterThanOrEqual(2);
  await stack.settle();
});

test('scripts/scale adds and removes workers under load, and no request or count is lost', async ({
  stack,
}) => {
  try {
    await underLoad(stack, 'scale', async () => {
      for (const [from, to] of [
        [WORKERS, WORKERS + 2],
        [WORKERS + 2, 1],
        [1, WORKERS],
      ] as const) {
        expect(await stack.script('scale', String(to))).toBe(`scaled: ${from} -> ${to} workers\n`);
        const { workers, workersDesired } = await stack.status();
        expect([workersDesired, workers.map(({ state }) => state)]).toEqual([to, Array(to).fill('ready')]);
      }
    });
    await expect(stack.script('scale', '0')).rejects.toThrow("not a number of workers: '0'");
  } finally {
    await stack.script('scale', String(WORKERS));
  }
  expect(
    (await stack.slotFiles()).length,
    'slot files: one for each of at most WORKERS + 2 workers, and at most one more',
  ).toBeLessThanOrEqual(WORKERS + 3);
});
