import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeCount } from './count-of-route.ts';

/** Returns the given [counter, histogram] pairs one after the other, then the last one repeatedly. */
function scrapes(...seen: readonly (readonly [number, number])[]) {
  let next = 0;
  return async () => {
    const [counter, histogram] = seen[Math.min(next++, seen.length - 1)]!;
    return { counter, histogram };
  };
}

const DEADLINE_MS = 10_000;

test('a difference that a killed worker left is ignored', async () => {
  const ask = scrapes([56_452, 56_451], [56_452, 56_451], [56_652, 56_651]);
  const { counted } = await routeCount('requests', ask, DEADLINE_MS);
  assert.equal(await counted(), 56_652);
});

test('counted() waits until the histogram has a request that the counter already has', async () => {
  const ask = scrapes([5, 4], [5, 5], [5, 5], [8, 7], [8, 8]);
  const { counted } = await routeCount('requests', ask, DEADLINE_MS);
  assert.equal(await counted(), 8);
});

test('a histogram that stays behind the counter is an error with both values', async () => {
  const ask = scrapes([5, 5], [5, 5], [8, 7]);
  const { counted } = await routeCount('requests to /ping', ask, 300);
  await assert.rejects(counted(), (error: Error) => {
    assert.match(error.message, /the counter and the histogram of requests to \/ping to increase equally/);
    assert.match(
      (error.cause as Error).message,
      /the counter is 8 and the histogram 7; at the start they differed by 0/,
    );
    return true;
  });
});
