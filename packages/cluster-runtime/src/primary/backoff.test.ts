import assert from 'node:assert/strict';
import test from 'node:test';
import { Backoff } from './backoff.ts';

test('a single early exit, and any exit of a stable worker, has no delay', () => {
  const backoff = new Backoff();
  assert.deepEqual(
    [false, true, false, true, true].map((stable) => backoff.afterExit(stable)),
    [0, 0, 0, 0, 0],
  );
});

test('early exits in a row double the delay, up to five seconds', () => {
  const backoff = new Backoff();
  assert.deepEqual(
    Array.from({ length: 10 }, () => backoff.afterExit(false)),
    [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000],
  );
});
