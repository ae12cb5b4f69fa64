import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const COMMANDS = ['sh', 'sed', 'sort', 'tr', 'uname', 'cat', 'dirname', 'node', 'chmod', 'rm'];

/** Runs shell code with what provide.sh defines. Only COMMANDS and `programs` are installed. */
function sh(t: TestContext, code: string, programs: Readonly<Record<string, string>> = {}) {
  const bin = temporaryDirectory(t);
  for (const command of COMMANDS) {
    const found = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(command === 'node' ? process.execPath : found, join(bin, command));
  }
  for (const [name, script] of Object.entries(programs))
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  mkdirSync(join(bin, 'sbin'));
  const files = [
    'scripts/lib/say',
    '.ci/lib/apt',
    'scripts/lib/npm',
    'scripts/lib/node',
    'scripts/lib/host/directory',
  ];
  const sources = [...files, 'scripts/lib/host/provide'].map((file) => `. "$root/${file}.sh"`).join('; ');
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', `root=$0; ${sources}; ${code}`, ROOT], {
    env: { PATH: bin },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('what is missing is named, with the commands that install it on Debian, Fedora and macOS', (t) => {
  // Not the directories that provide_host_programs adds to the PATH: nginx may be installed in one.
  const code =
    'command() { case $2 in nginx | supervisord) return 1 ;; esac; echo "$2"; }; id() { echo 1000; }; provide_host_programs';
  const { status, stderr } = sh(t, code);
  assert.equal(status, 1);
  assert.match(stderr, /^error: not installed: nginx supervisor \n/);
  for (const command of [
    'sudo apt-get install --no-install-recommends nginx supervisor',
    'sudo dnf install',
    'brew install',
  ])
    assert.ok(stderr.includes(command), stderr);
});

for (const [version, is] of [
  ['2.42.0+ds', 'too old'],
  ['3.4.9', 'too old'],
  ['3.5.0', 'used'],
  ['3.13.2', 'used'],
  ['4.0.0', 'used'],
] as const) {
  test(`Prometheus ${version} is ${is}`, (t) => {
    const prometheus = `echo 'prometheus, version ${version} (branch: x)'`;
    const { stdout } = sh(t, 'find_prometheus; [ -z "$prometheus" ] || echo used', { prometheus });
    assert.equal(stdout, is === 'used' ? 'used\n' : '');
  });
}

test('a host without Prometheus is not an error', (t) => {
  assert.deepEqual(sh(t, 'find_prometheus; echo "[$prometheus]"'), { status: 0, stdout: '[]\n', stderr: '' });
});
