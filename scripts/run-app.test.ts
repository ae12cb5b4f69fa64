/** Runs supervisor/run-app with a stub in place of the app. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';

const RUN_APP = join(import.meta.dirname, '../supervisor/run-app');

test('each start of the app begins with an empty metrics directory', (t) => {
  const root = temporaryDirectory(t, { name: 'run app-' });
  const directory = join(root, 'metrics');
  const bin = join(root, 'bin');
  mkdirSync(bin);
  // The stub lists the metrics directory instead of starting the app.
  const node = `#!/bin/sh
case $1 in *main.ts) echo "app started in:"; exec ls -A "$PROMETHEUS_MULTIPROC_DIR" ;; esac
exec "${process.execPath}" "$@"
`;
  writeFileSync(join(bin, 'node'), node, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, PROMETHEUS_MULTIPROC_DIR: directory };
  for (let start = 1; start <= 2; start++) {
    const { status, stdout, stderr } = spawnSync(RUN_APP, { env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /app started in:\n$/, `start ${start}`);
    writeFileSync(join(directory, 'slot-0.metrics'), '');
  }
});
