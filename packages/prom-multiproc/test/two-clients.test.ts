import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

for (const [how, options, SHARE] of [
  ['share() without a registry', [], '1'],
  ['the preload', ['--import', join(import.meta.dirname, '../src/register.ts')], '0'],
] as const) {
  test(`${how} shares the global registries of both clients in one slot`, (t) => {
    const directory = temporaryDirectory(t);
    const args = [...options, join(import.meta.dirname, 'support/two-clients.cjs')];
    const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory, SHARE };
    for (let times = 1; times <= 2; times++) {
      const output = execFileSync(process.execPath, args, { encoding: 'utf8', env });
      const [own, library] = JSON.parse(output) as [string, string];
      assert.equal(sample(own, 'own_total'), times);
      assert.equal(sample(library, 'library_total'), times);
      assert.equal(sample(own, 'library_total'), undefined, 'only the other registry has it');
    }
    assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  });
}
