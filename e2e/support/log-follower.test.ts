import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earlier, SeenLines } from './log-follower.ts';

const at = (ms: number) => new Date(1_700_000_000_000 + ms).toISOString();

test('a line that is read again is not new, and another line of the same time is', () => {
  const seen = new SeenLines(1_000);
  assert.equal(seen.isNew(at(0), 'a'), true);
  assert.equal(seen.isNew(at(0), 'b'), true);
  assert.equal(seen.isNew(at(0), 'a'), false);
});

test('all lines of the last window are remembered', () => {
  const seen = new SeenLines(1_000);
  for (let ms = 0; ms < 5_000; ms += 10) {
    assert.equal(seen.isNew(at(ms), `line ${ms}`), true);
    if (ms >= 500) assert.equal(seen.isNew(at(ms - 500), `line ${ms - 500}`), false, `${ms}`);
  }
});

test('timestamps of the engine are parsed to the millisecond', () => {
  assert.equal(earlier('2026-01-02T03:04:05.678901234Z', 5_000), '2026-01-02T03:04:00.678Z');
});
