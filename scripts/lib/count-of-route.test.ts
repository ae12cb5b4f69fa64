import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeCount } from './count-of-route.ts';

/** Scrapes, one after the other, as [counter, histogram]; the last one is met again and again. */
function scrapes(...seen: readonly (readonly [number, number])[]) {
  let next = 0;
  return async () => {
    const [counter, histogram] = seen[Math.min(next++, seen.length - 1)]!;
    return { counter, histogram };
  };
}

const DEADLINE_MS = 10_000;

test('a pair that a killed worker left apart is counted by its rise', async () => {
  const ask = scrapes([56_452, 56_451], [56_452, 56_451], [56_652, 56_651]);
  const { counted } = await routeCount('requests', ask, DEADLINE_MS);
  assert.equal(await counted(), 56_652);
});

test('a request that is in the counter alone for a moment is waited for', async () => {
  const ask = scrapes([5, 4], [5, 5], [5, 5], [8, 7], [8, 8]);
  const { counted } = await routeCount('requests', ask, DEADLINE_MS);
  assert.equal(await counted(), 8);
});

test('a histogram that counts fewer than the counter is told, with both', async () => {
  const ask = scrapes([5, 5], [5, 5], [8, 7]);
  const { counted } = await routeCount('requests to /ping', ask, 300);
  await assert.rejects(counted(), (error: Error) => {
    assert.match(error.message, /as many more requests to \/ping in the counter as in the histogram/);
    assert.match(
      (error.cause as Error).message,
      /the counter says 8 and the histogram 7; at the start they differed by 0/,
    );
    return true;
  });
});
