/** A checkout has LF, also where git is told to make it CRLF: with CRLF no script starts. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { createUpstream, git } from '../test-kit/upstream.ts';

let clone: string;

before((t) => {
  const directory = mkdtempSync(join(tmpdir(), 'line-ends-'));
  (t as { after(fn: () => void): void }).after(() => rmSync(directory, { recursive: true, maxRetries: 20 }));
  createUpstream(join(directory, 'upstream'));
  clone = join(directory, 'clone');
  git(directory, '-c', 'core.autocrlf=true', '-c', 'core.eol=crlf', 'clone', '--quiet', 'upstream', clone);
  git(clone, 'config', 'core.autocrlf', 'true');
});

/** The text files, by what git says of each: i/lf w/lf attr/text=auto eol=lf, a tab, the path. One may be marked as binary. */
const texts = () =>
  git(clone, 'ls-files', '--eol')
    .split('\n')
    .filter((line) => line !== '' && !line.includes(' attr/-text'))
    .map((line) => {
      const [facts, path] = line.split('\t');
      const [, index, worktree] = /^i\/(\S*)\s+w\/(\S*)/.exec(facts!)!;
      return { index: index!, worktree: worktree!, path: path! };
    });

test('a clone with core.autocrlf has no CRLF in any text file', () => {
  assert.ok(texts().some(({ path }) => path === 'scripts/up'));
  assert.deepEqual(
    texts().filter(({ worktree }) => worktree === 'crlf' || worktree === 'mixed'),
    [],
  );
  assert.doesNotMatch(readFileSync(join(clone, 'scripts/up'), 'utf8'), /\r/);
});

test('no text file is committed with CRLF', () => {
  assert.deepEqual(
    texts().filter(({ index }) => index === 'crlf' || index === 'mixed'),
    [],
  );
});
