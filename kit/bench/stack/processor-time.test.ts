import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { processorMicroseconds } from './processor-time.ts';

test('user and system time of each process are added, whatever its name', () => {
  const stats = [
    '7 (node) S 1 7 7 0 -1 4194304 900 0 0 0 120 30 5 5 20 0 11 0 100 1 1',
    '9 (a) b (c)) S 1 7 7 0 -1 4194304 900 0 0 0 2 1 5 5 20 0 11 0 100 1 1',
  ];
  assert.equal(processorMicroseconds(`${stats.join('\n')}\n`), (120 + 30 + 2 + 1) * 10_000);
});

test('processor time equals process.cpuUsage()', () => {
  while (process.cpuUsage().user < 100_000);
  const before = process.cpuUsage();
  const measured = processorMicroseconds(readFileSync('/proc/self/stat', 'utf8'));
  const after = process.cpuUsage();
  // Both values are rounded down to ticks.
  assert.ok(measured >= before.user + before.system - 20_000, `${measured} of ${JSON.stringify(before)}`);
  assert.ok(measured <= after.user + after.system + 20_000, `${measured} of ${JSON.stringify(after)}`);
});

test('other text is an error, not zero', () => {
  assert.throws(
    () => processorMicroseconds('cat: /proc/7/stat: No such file or directory'),
    /not a line of \/proc/,
  );
});
