/** Compares the folders, commands and rules of CONTRIBUTING.md with the checkout. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tableRows } from '../../packages/prom-multiproc/test/support/markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = text('CONTRIBUTING.md');
const folders = tableRows(page, 'Folder').flatMap(([cell]) =>
  cell!.split(', ').map((name) => name.replaceAll('`', '')),
);

/** The tracked folders in kit/. */
const tracked = new Set(
  execFileSync('git', ['ls-files', '--', ':(glob)kit/*/**'], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((path) => `${path.split('/').slice(0, 2).join('/')}/`),
);

test('CONTRIBUTING.md lists each folder in kit/, and links the list of the others', () => {
  assert.ok(tracked.size > 5, [...tracked].join());
  assert.deepEqual(folders.toSorted(), [...tracked].toSorted());
  assert.match(page, /\]\(README\.md#folders\)/);
});

test('each command and path of CONTRIBUTING.md and AGENTS.md exists', () => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
  const both = page + text('AGENTS.md');
  const names = [...both.matchAll(/npm (?:run )?([a-z\d]+)/g)].map(([, name]) => name!);
  assert.ok(names.length > 5);
  for (const name of names.filter((name) => name !== 'ci')) assert.ok(name in scripts, `npm run ${name}`);
  const files = [...both.matchAll(/(?<=[\s`]|\.\/)((?:scripts|\.ci|packages|kit)\/[\w./-]+\w)/g)];
  assert.ok(files.length > 5);
  for (const [, path] of files) assert.ok(existsSync(join(ROOT, path!)), path!);
});

test('AGENTS.md links CONTRIBUTING.md and has at most 15 lines', () => {
  assert.match(text('AGENTS.md'), /\]\(CONTRIBUTING\.md\)/);
  assert.ok(text('AGENTS.md').split('\n').length <= 15);
});

test('CONTRIBUTING.md has at most 900 words', () => {
  assert.ok(page.split(/\s+/).length <= 900, `${page.split(/\s+/).length} words`);
});

test('CONTRIBUTING.md names the limit of .ci/commit-subjects', () => {
  const [, length] = /at most (\d+) characters/.exec(page)!;
  assert.ok(text('.ci/commit-subjects').includes(`.{${Number(length) + 1}}`));
});
