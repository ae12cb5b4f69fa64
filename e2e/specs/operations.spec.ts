import { total } from '../../kit/test-kit/exposition.ts';
import { scrape } from '../../kit/test-kit/scrape.ts';
import { underLoad } from '../../kit/test-kit/under-load.ts';
import { expect, test } from '../support/fixtures.ts';
import { type Stack, WORKERS } from '../support/stack.ts';

const LOAD = {
  connections: 8,
  pauseMs: 5,
  maxRequests: 100_000,
  durationMs: 120_000,
  requestTimeoutMs: 15_000,
};
const TIMEOUT_MS = 20_000;

const pidsOf = async (stack: Stack) => (await stack.status()).workers.map(({ pid }) => pid);

interface Seen {
  /** Largest number of worker processes at one time. */
  readonly processes: number;
  readonly slots: number;
}

/** Runs an operation under load. Expects that no request fails, no count is lost and no counter decreases. */
async function expectNoLoss(stack: Stack, what: string, operate: () => Promise<void>): Promise<Seen> {
  const { summary, failures, mostWorkers } = await underLoad(stack, LOAD, operate);
  const slots = (await stack.slotFiles()).length;
  console.log(`${what}: ${summary}, ${slots} slot files`);
  expect.soft(failures, summary).toEqual([]);
  return { processes: mostWorkers, slots };
}

test('scripts/reload replaces every worker twice under load, and no request or count is lost', async ({
  stack,
}) => {
  const seen = [await pidsOf(stack)];
  const { processes, slots } = await expectNoLoss(stack, 'reload', async () => {
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
    await expectNoLoss(stack, 'scale', async () => {
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
