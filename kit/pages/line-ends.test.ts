/** A checkout has LF, also where git is told to make it CRLF: with CRLF no script starts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import {
  type Cleanup,
  temporaryDirectory,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { createUpstream, git } from '../test-kit/upstream.ts';

let clone: string;

before((t) => {
  const directory = temporaryDirectory(t as Cleanup);
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

test('every script has LF by its attributes, with and without an extension, hidden folders too', () => {
  const attributes = new Map(
    git(clone, 'ls-files', '--eol')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [facts, path] = line.split('\t');
        return [path!, facts!.replace(/^.*attr\//, '').trim()] as const;
      }),
  );
  const scripts = [...attributes.keys()].filter((path) =>
    readFileSync(join(clone, path)).subarray(0, 2).equals(Buffer.from('#!')),
  );
  for (const one of ['.ci/run', '.ci/stand-ins/debian.sh', 'scripts/up', 'nginx/run-nginx']) {
    assert.ok(scripts.includes(one), one);
  }
  for (const path of scripts) assert.equal(attributes.get(path), 'text=auto eol=lf', path);
});

test('only pictures are marked as binary, and so kept as they are', () => {
  const kept = git(clone, 'ls-files', '--eol')
    .split('\n')
    .filter((line) => line.includes(' attr/-text'))
    .map((line) => line.split('\t')[1]!);
  assert.deepEqual(
    kept.filter((path) => !path.endsWith('.png')),
    [],
  );
});
