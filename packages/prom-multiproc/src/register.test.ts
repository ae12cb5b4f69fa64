import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sample } from '../test/support/sample.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';

const BY_PATH = join(import.meta.dirname, 'register.ts');

function run(directory: string | undefined, program = 'unaware-application.ts', preload = BY_PATH): string[] {
  const { PROMETHEUS_MULTIPROC_DIR: _, ...env } = process.env;
  const args = ['--import', preload, join(import.meta.dirname, '../test/support', program)];
  const shared = directory === undefined ? {} : { PROMETHEUS_MULTIPROC_DIR: directory };
  const cwd = import.meta.dirname;
  return JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', cwd, env: { ...env, ...shared } }),
  );
}

for (const [kind, program] of [
  ['ES module', 'unaware-application.ts'],
  ['CommonJS', 'unaware-application.cjs'],
] as const) {
  test(`the preload shares every registry of an unchanged application (${kind})`, (t) => {
    const directory = temporaryDirectory(t);
    for (const [times, preload] of [BY_PATH, 'prom-multiproc/register', BY_PATH].entries()) {
      const [global, own] = run(directory, program, preload) as [string, string];
      assert.equal(sample(global, 'global_total'), times + 1);
      assert.equal(sample(own, 'first_total'), times + 1);
      assert.equal(sample(own, 'second_total'), times + 1);
      for (const text of [global, own]) assert.equal(sample(text, 'both_count'), times + 1);
      assert.equal(sample(own, 'global_total'), undefined, 'the other registry has it');
      assert.equal(sample(global, 'first_total'), undefined, 'the other registry has it');
    }
    assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  });
}

test('in a preloaded cluster that uses AggregatorRegistry the totals count each worker once', (t) => {
  for (const directory of [temporaryDirectory(t), undefined]) {
    const [text, contentType] = run(directory, 'unaware-cluster.cjs') as [string, string];
    assert.equal(sample(text, 'requests_total'), 6, directory ?? 'not shared');
    assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(text.includes('prom_multiproc_workers 3'), directory !== undefined);
    assert.match(text, /^nodejs_version_info\{.*\} 1$/m);
  }
});

test('without PROMETHEUS_MULTIPROC_DIR the preload does nothing', () => {
  for (let times = 0; times < 2; times++) {
    const [global, own] = run(undefined) as [string, string];
    assert.equal(sample(global, 'global_total'), 1);
    assert.equal(sample(own, 'first_total'), 1);
    assert.ok(!global.includes('prom_multiproc'));
  }
});
