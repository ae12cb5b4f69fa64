/** What install-host checks before it changes anything. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';

const SCRIPT = join(import.meta.dirname, 'install-host');

for (const args of [[], ['--remove']]) {
  test(`install-host${args.map((arg) => ` ${arg}`).join('')} refuses a user other than root`, (t) => {
    const bin = temporaryDirectory(t, { name: 'bin-' });
    writeFileSync(join(bin, 'id'), '#!/bin/sh\necho 1000\n', { mode: 0o755 });
    const { status, stdout, stderr } = spawnSync(SCRIPT, args, {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
      encoding: 'utf8',
    });
    const message = 'error: supervisor/install-host must run as root\n  sudo supervisor/install-host\n';
    assert.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: message });
  });
}

test('install-host --help shows the usage without root', () => {
  const { status, stdout } = spawnSync(SCRIPT, ['--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.ok(stdout.startsWith('Usage: supervisor/install-host [--remove]\n'), stdout);
});
