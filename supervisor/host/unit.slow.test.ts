/** What systemd-analyze(1) reports about the unit. Debian and Ubuntu have it in the package `systemd`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

const HERE = import.meta.dirname;
const UNIT = join(HERE, globSync('*.service', { cwd: HERE })[0]!);
const MOST_EXPOSURE = 2;

function analyze(...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  assert.equal(error, undefined, 'systemd-analyze is missing. On Debian and Ubuntu: apt-get install systemd');
  return { status, stdout, stderr };
}

/** Writes the unit with another directory in place of that of the installed stack, where each program exists. */
function installed(t: TestContext): string {
  const directory = temporaryDirectory(t, { name: 'unit-' });
  const unit = readFileSync(UNIT, 'utf8').replace(/\/srv\/[\w-]+/g, directory);
  for (const [, program] of unit.matchAll(/^Exec\w+=(\S+)/gm)) {
    mkdirSync(join(program!, '..'), { recursive: true });
    writeFileSync(program!, '#!/bin/sh\n', { mode: 0o755 });
  }
  const file = join(directory, basename(UNIT));
  writeFileSync(file, unit);
  return file;
}

test('systemd-analyze verify reports nothing about the unit', (t) => {
  const { status, stdout, stderr } = analyze('verify', '--man=no', installed(t));
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});

test('systemd-analyze security gives the unit an exposure of at most 2.0', () => {
  const { status, stdout } = analyze(
    'security',
    '--offline=true',
    '--no-pager',
    `--threshold=${MOST_EXPOSURE * 10}`,
    UNIT,
  );
  const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
  console.log(
    stdout
      .split('\n')
      .filter((line) => /^✗|Overall/.test(line))
      .join('\n'),
  );
  assert.ok(Number(exposure) <= MOST_EXPOSURE, `exposure ${exposure}`);
  assert.equal(status, 0);
});
