/** Runs .ci/commit-subjects in temporary repositories. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { git } from '../kit/test-kit/upstream.ts';
import { temporaryDirectory } from '../packages/prom-multiproc/test/support/temporary-directory.ts';

const SCRIPT = join(import.meta.dirname, 'commit-subjects');

/** Creates a repository with a branch that has commits with these subjects since main. */
function repository(t: TestContext, ...subjects: string[]): string {
  const directory = temporaryDirectory(t);
  git(directory, 'init', '--quiet', '--initial-branch', 'main');
  const commit = (subject: string) => git(directory, 'commit', '--quiet', '--allow-empty', '-m', subject);
  commit('an old subject, which is longer than any that is written from here on may be');
  git(directory, 'switch', '--quiet', '--create', 'branch');
  for (const subject of subjects) commit(subject);
  return directory;
}
const check = (cwd: string, base = 'main') => spawnSync(SCRIPT, [base], { cwd, encoding: 'utf8' });

test('subjects of up to 72 characters pass, also in multi-byte characters', (t) => {
  const { status, stderr } = check(repository(t, 'x'.repeat(72), 'é'.repeat(72)));
  assert.equal(status, 0, stderr);
});

test('a subject of 73 characters fails and is printed; commits before the branch are not checked', (t) => {
  const long = 'x'.repeat(73);
  const { status, stderr } = check(repository(t, 'short', long, 'short too'));
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(` ${long}\n`));
  assert.doesNotMatch(stderr, /short|old/);
});

test('the subject of a merge may be longer', (t) => {
  const directory = repository(t, 'short');
  git(directory, 'switch', '--quiet', 'main');
  git(directory, 'commit', '--quiet', '--allow-empty', '-m', 'meanwhile');
  git(directory, 'merge', '--quiet', '--no-ff', '-m', `Merge ${'x'.repeat(73)}`, 'branch');
  assert.equal(check(directory, 'main~1').status, 0);
});

test('a missing base commit is an error that names it', (t) => {
  const { status, stderr } = check(repository(t, 'short'), 'nowhere');
  assert.equal(status, 1);
  assert.match(stderr, /no commit nowhere/);
});
