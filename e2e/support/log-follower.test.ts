import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earlier, OnceOnly } from './log-follower.ts';

const at = (ms: number) => new Date(1_700_000_000_000 + ms).toISOString();

test('a line that is read again is the same line, another line of the same time is not', () => {
  const once = new OnceOnly(1_000);
  assert.equal(once.isNew(at(0), 'a'), true);
  assert.equal(once.isNew(at(0), 'b'), true);
  assert.equal(once.isNew(at(0), 'a'), false);
});

test('lines of the last window are remembered, whatever came since', () => {
  const once = new OnceOnly(1_000);
  for (let ms = 0; ms < 5_000; ms += 10) {
    assert.equal(once.isNew(at(ms), `line ${ms}`), true);
    if (ms >= 500) assert.equal(once.isNew(at(ms - 500), `line ${ms - 500}`), false, `${ms}`);
  }
});

test("the engine's timestamps are read to the millisecond", () => {
  assert.equal(earlier('2026-01-02T03:04:05.678901234Z', 5_000), '2026-01-02T03:04:00.678Z');
});
