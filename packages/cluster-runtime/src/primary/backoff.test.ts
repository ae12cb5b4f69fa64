import assert from 'node:assert/strict';
import test from 'node:test';
import { Backoff } from './backoff.ts';

test('a single death, and any death after steady service, is made good at once', () => {
  const backoff = new Backoff();
  assert.deepEqual(
    [false, true, false, true, true].map((stable) => backoff.afterExit(stable)),
    [0, 0, 0, 0, 0],
  );
});

test('quick deaths in a row wait longer and longer, up to five seconds', () => {
  const backoff = new Backoff();
  assert.deepEqual(
    Array.from({ length: 10 }, () => backoff.afterExit(false)),
    [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000],
  );
});
