import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sample } from './testing/sample.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

function run(directory: string | undefined): string[] {
  const { PROMETHEUS_MULTIPROC_DIR: _, ...env } = process.env;
  const args = ['--import', join(import.meta.dirname, 'register.ts')];
  args.push(join(import.meta.dirname, 'testing/unaware-application.ts'));
  const shared = directory === undefined ? {} : { PROMETHEUS_MULTIPROC_DIR: directory };
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...env, ...shared } }));
}

test('preloaded, it shares every metric of every registry of an application that knows nothing of it', (t) => {
  const directory = temporaryDirectory(t);
  for (let times = 1; times <= 3; times++) {
    const [global, own] = run(directory) as [string, string];
    assert.equal(sample(global, 'global_total'), times);
    assert.equal(sample(own, 'first_total'), times);
    assert.equal(sample(own, 'second_total'), times);
    for (const text of [global, own]) assert.equal(sample(text, 'both_count'), times);
  }
  assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
});

test('preloaded without PROMETHEUS_MULTIPROC_DIR it does nothing', () => {
  for (let times = 0; times < 2; times++) {
    const [global, own] = run(undefined) as [string, string];
    assert.equal(sample(global, 'global_total'), 1);
    assert.equal(sample(own, 'first_total'), 1);
    assert.ok(!global.includes('prom_multiproc'));
  }
});
