import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootTime, unixTimeOfBoot } from './boot-clock.ts';

const uptime = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]);

test('the clock is that of the machine, in seconds since it started', () => {
  // /proc/uptime has hundredths of a second, rounded down.
  const before = uptime();
  const now = bootTime();
  assert.ok(now >= before && now < uptime() + 0.01, `${before} <= ${now}`);
});

test('the clock is the same in another process, and never goes back', () => {
  const before = bootTime();
  const print = `import('${join(import.meta.dirname, 'boot-clock.ts')}').then((m) => console.log(m.bootTime()))`;
  const other = Number(execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' }));
  assert.ok(before < other && other < bootTime());
});

test('the clock stands by when the time of day is set, and the Unix time follows it', (t) => {
  const before = bootTime();
  const offset = unixTimeOfBoot();
  const today = Date.now();
  t.mock.method(Date, 'now', () => today - 3_600_000);
  assert.ok(bootTime() >= before);
  assert.ok(unixTimeOfBoot() <= offset - 3600 + 0.01);
});
