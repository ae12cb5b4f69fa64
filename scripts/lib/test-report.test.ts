import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import test from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

const ROOT = join(import.meta.dirname, '../..');

test('each test is reported with its file, its parents’ titles and its own error, and each file with its duration', (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'some.test.ts');
  writeFileSync(
    path,
    `import test, { describe } from 'node:test';
    test('alone', () => {});
    test('with parts', async (t) => {
      await t.test('first', () => {});
      await t.test('second', () => { throw new Error('red'); });
    });
    describe('a suite', () => { test('inside', () => {}); });`,
  );
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const reporter = join(import.meta.dirname, 'test-report.ts');
  const args = ['--test', `--test-reporter=${reporter}`, path];
  const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

  const file = relative(ROOT, path);
  const titles = ['alone', 'with parts > first', 'with parts > second', 'with parts', 'a suite > inside'];
  assert.deepEqual(
    lines.slice(0, -1).map(({ error, ...line }) => line),
    titles.map((title) => ({ file, title })),
  );
  const errors = lines.filter(({ error }) => error !== undefined);
  assert.deepEqual(
    errors.map(({ title }) => title),
    ['with parts > second'],
  );
  assert.match(errors[0].error, /^Error: red\n +at .*some\.test\.ts:5/);
  const { seconds, ...rest } = lines.at(-1);
  assert.deepEqual(rest, { file });
  assert.ok(seconds > 0, String(seconds));
});
