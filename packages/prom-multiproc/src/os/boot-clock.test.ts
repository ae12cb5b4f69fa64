import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootTime, unixTimeOfBoot } from './boot-clock.ts';

const uptime = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]);

test('bootTime() returns the seconds since the machine started', () => {
  // /proc/uptime is rounded down to hundredths of a second.
  const before = uptime();
  const now = bootTime();
  assert.ok(now >= before && now < uptime() + 0.01, `${before} <= ${now}`);
});

test('bootTime() is one monotonic clock for all processes', () => {
  const before = bootTime();
  const print = `import('${join(import.meta.dirname, 'boot-clock.ts')}').then((m) => console.log(m.bootTime()))`;
  const other = Number(execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' }));
  assert.ok(before < other && other < bootTime());
});

test('a change of the system time changes unixTimeOfBoot() and not bootTime()', (t) => {
  const before = bootTime();
  const offset = unixTimeOfBoot();
  const today = Date.now();
  t.mock.method(Date, 'now', () => today - 3_600_000);
  assert.ok(bootTime() >= before);
  assert.ok(unixTimeOfBoot() <= offset - 3600 + 0.01);
});
