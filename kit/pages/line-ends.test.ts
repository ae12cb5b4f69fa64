/** Checks that a checkout has LF line ends even with core.autocrlf: scripts with CRLF do not start. */
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

/** The text files. git prints for each: `i/lf w/lf attr/text=auto eol=lf`, a tab, the path. */
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

test('.gitattributes sets LF for every script, with or without an extension, also in hidden folders', () => {
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

test('only pictures are marked as binary', () => {
  const binaries = git(clone, 'ls-files', '--eol')
    .split('\n')
    .filter((line) => line.includes(' attr/-text'))
    .map((line) => line.split('\t')[1]!);
  assert.deepEqual(
    binaries.filter((path) => !path.endsWith('.png')),
    [],
  );
});
