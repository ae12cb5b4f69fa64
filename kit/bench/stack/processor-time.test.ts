import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { processorMicroseconds } from './processor-time.ts';

test('user and system time of each process count, whatever its name', () => {
  const stats = [
    '7 (node) S 1 7 7 0 -1 4194304 900 0 0 0 120 30 5 5 20 0 11 0 100 1 1',
    '9 (a) b (c)) S 1 7 7 0 -1 4194304 900 0 0 0 2 1 5 5 20 0 11 0 100 1 1',
  ];
  assert.equal(processorMicroseconds(`${stats.join('\n')}\n`), (120 + 30 + 2 + 1) * 10_000);
});

test('it is what the process itself is told', () => {
  while (process.cpuUsage().user < 100_000);
  const before = process.cpuUsage();
  const told = processorMicroseconds(readFileSync('/proc/self/stat', 'utf8'));
  const after = process.cpuUsage();
  // Both are rounded down to ticks.
  assert.ok(told >= before.user + before.system - 20_000, `${told} of ${JSON.stringify(before)}`);
  assert.ok(told <= after.user + after.system + 20_000, `${told} of ${JSON.stringify(after)}`);
});

test('what is no such text is not taken for no time', () => {
  assert.throws(() => processorMicroseconds('cat: /proc/7/stat: No such file or directory'), /stat holds/);
});
