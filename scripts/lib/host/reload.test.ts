/** What a reload of a stack without containers can bring. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const FILES = ['demo-app/src/routes.js', 'packages/cluster-runtime/src/run.js', 'supervisor/run-app'];

/** Makes a build as assemble.ts does: node_modules has links to the packages of the checkout. */
function build(parent: string, name: string, changed: string): string {
  const directory = join(parent, name);
  for (const file of [...FILES, 'node_modules/express/index.js']) {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    writeFileSync(join(directory, file), file === changed ? name : 'the same');
  }
  symlinkSync('../demo-app', join(directory, 'node_modules/demo-app'));
  symlinkSync('../packages/cluster-runtime', join(directory, 'node_modules/cluster-runtime'));
  return directory;
}

/** Whether the primary of the first build runs the code of the second one, in which a file differs. */
function primaryIsSame(t: TestContext, changed: string): boolean {
  const parent = temporaryDirectory(t, { name: 'builds-' });
  const [started, next] = ['1', '2'].map((name) => build(parent, name, changed));
  const script = '. "$root/scripts/lib/host/reload.sh"; primary_is_same';
  const { status, stderr } = spawnSync('sh', ['-eu', '-c', script], {
    env: { ...process.env, root: ROOT, started, build: next },
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return status === 0;
}

test('a reload brings changed code of the app completely', (t) => {
  assert.equal(primaryIsSame(t, 'demo-app/src/routes.js'), true);
});

for (const changed of [
  'packages/cluster-runtime/src/run.js',
  'supervisor/run-app',
  'node_modules/express/index.js',
]) {
  test(`a changed ${changed} needs a restart`, (t) => {
    assert.equal(primaryIsSame(t, changed), false);
  });
}

/** What `take_build` does when reloads end as given, in order. */
function takeBuild(t: TestContext, ...reloads: readonly boolean[]): { did: string[]; isBuildLeft: boolean } {
  const parent = temporaryDirectory(t, { name: 'builds-' });
  const [previous, next] = ['1', '2'].map((name) => build(parent, name, FILES[0]!));
  const script = `
    . "$root/scripts/lib/say.sh"; . "$root/scripts/lib/host/reload.sh"
    check_nginx() { :; }
    use_build() { echo "use \${1##*/}"; }
    operate_on_host() { echo "$1"; set -- $reloads; ended=$1; shift; reloads=$*; $ended; }
    take_build`;
  const { stdout } = spawnSync('sh', ['-eu', '-c', script], {
    env: { ...process.env, root: ROOT, previous, build: next, reloads: reloads.join(' ') },
    encoding: 'utf8',
  });
  return { did: stdout.trim().split('\n'), isBuildLeft: existsSync(next!) };
}

test('after a reload that fails half-way all workers return to the build before, and the new one is removed', (t) => {
  const did = ['use 2', 'reload', 'use 1', 'reload'];
  assert.deepEqual(takeBuild(t, false, true), { did, isBuildLeft: false });
});

test('workers that do not return to the build before keep the files of theirs', (t) => {
  assert.equal(takeBuild(t, false, false).isBuildLeft, true);
});
