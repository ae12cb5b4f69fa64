import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { parse } from 'yaml';
import { commitAll, createUpstream, git } from '../kit/test-kit/upstream.ts';
import {
  type Cleanup,
  temporaryDirectory,
} from '../packages/prom-multiproc/test/support/temporary-directory.ts';
import { keepsItsName, TEMPLATE_NAME } from './lib/project-name.ts';

let directory: string;
let upstream: string;
let project: string;

before((t) => {
  directory = temporaryDirectory(t as Cleanup);
  upstream = join(directory, 'upstream');
  project = join(directory, 'project');
  createUpstream(upstream);
  git(directory, 'clone', '--quiet', upstream, project);
});

function rename(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('scripts/rename-template', args, {
    cwd: project,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const read = (path: string) => readFileSync(join(project, path), 'utf8');

const { name: current } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));

if (current === TEMPLATE_NAME) {
  test('an invalid name, a missing name and uncommitted changes are rejected, and nothing changes', () => {
    assert.match(rename('Acme Orders').stderr, /^error: NAME "Acme Orders": use lower-case letters/);
    assert.match(rename('express').stderr, /^error: NAME "express": an installed package has this name/);
    assert.match(rename('acme', '<b>').stderr, /^error: TITLE "<b>": use letters/);
    assert.match(rename().stderr, /^error: expected NAME and optionally TITLE/);
    assert.equal(git(project, 'status', '--porcelain'), '');
    writeFileSync(join(project, 'mine.txt'), 'not committed\n');
    const { status, stderr } = rename('acme');
    assert.equal(status, 1);
    assert.match(stderr, /uncommitted changes.*mine\.txt/s);
    rmSync(join(project, 'mine.txt'));
    assert.equal(git(project, 'status', '--porcelain'), '');
  });

  test('git reset --hard undoes a renaming', () => {
    assert.equal(rename('acme-mistake').status, 0);
    git(project, 'reset', '--quiet', '--hard');
    assert.equal(git(project, 'status', '--porcelain'), '');
  });

  test('every occurrence is renamed and every changed file reported; files that keep their name are unchanged', () => {
    const { status, stdout, stderr } = rename('acme-orders', 'Orders of Acme');
    assert.equal(status, 0, stderr);
    const { name, services } = parse(read('docker-compose.yml'));
    assert.equal(name, 'acme-orders');
    for (const [service, { image }] of Object.entries<{ image: string }>(services)) {
      if (image.includes('IMAGE_TAG')) assert.match(image, /^acme-orders-/, service);
    }
    const lock = JSON.parse(read('package-lock.json'));
    assert.deepEqual(
      [JSON.parse(read('package.json')).name, lock.name, lock.packages[''].name],
      Array(3).fill('acme-orders'),
    );
    assert.match(read('README.md'), /^# Orders of Acme$/m);
    assert.match(read('nginx/page/index.html'), /<title>Orders of Acme/);
    assert.ok(existsSync(join(project, 'grafana/dashboards/acme-orders.json')));

    const left = git(project, 'grep', '-lziE', "pandoras-express|pandora['’]s express")
      .split('\0')
      .filter(Boolean);
    assert.deepEqual(
      left.filter((path) => !keepsItsName(path)),
      [],
    );
    const kept = ['packages/prom-multiproc', 'LICENSE'];
    for (const path of kept) assert.ok(existsSync(join(project, path)), path);
    assert.equal(git(project, 'diff', '--stat', 'HEAD', '--', ...kept), '');
    for (const path of git(project, 'diff', '--name-only', '--no-renames', 'HEAD')
      .split('\n')
      .filter(Boolean)) {
      assert.ok(stdout.includes(` ${path} `), `${path} is reported`);
    }
  });

  test('renaming again to the same name does nothing; to another name, it reports how to undo the first', () => {
    const changes = git(project, 'status', '--porcelain');
    assert.deepEqual(rename('acme-orders'), {
      status: 0,
      stdout: 'The project is already called acme-orders: nothing to do.\n',
      stderr: '',
    });
    assert.match(rename('acme-other').stderr, /already renamed to acme-orders.*git reset --hard/s);
    assert.equal(git(project, 'status', '--porcelain'), changes);
  });

  test('upstream changes can be merged after the renaming, and the user’s application is unchanged', () => {
    commitAll(project, 'Rename');
    const mine = 'demo-app/src/app.ts';
    git(project, 'rm', '--quiet', '-r', 'demo-app/src');
    mkdirSync(join(project, dirname(mine)), { recursive: true });
    writeFileSync(join(project, mine), '// mine\n');
    commitAll(project, 'An application of my own');

    const changed = 'supervisor/supervisord.conf';
    writeFileSync(
      join(upstream, changed),
      `${readFileSync(join(upstream, changed), 'utf8')}; new upstream\n`,
    );
    // Upstream changes every file of the application.
    for (const entry of readdirSync(join(upstream, 'demo-app/src'), { withFileTypes: true })) {
      if (!entry.name.endsWith('.ts')) continue;
      const file = join(entry.parentPath, entry.name);
      writeFileSync(file, `${readFileSync(file, 'utf8')}// new upstream\n`);
    }
    writeFileSync(join(upstream, 'demo-app/src/new.ts'), '// new upstream\n');
    commitAll(upstream, 'What is new');

    git(project, 'fetch', '--quiet', 'origin');
    assert.throws(
      () => git(project, 'merge', '--quiet', 'origin/main'),
      'the demonstration was changed on both sides',
    );
    // The commands of make-it-yours.md.
    git(project, 'rm', '-r', '--quiet', '--force', 'demo-app/src');
    git(project, 'checkout', 'HEAD', '--', 'demo-app/src');
    git(project, 'commit', '--quiet', '--no-edit');
    assert.match(read(changed), /; new upstream\n$/);
    assert.match(read('docker-compose.yml'), /^name: acme-orders$/m);
    assert.equal(read(mine), '// mine\n');
    assert.deepEqual(readdirSync(join(project, dirname(mine))), ['app.ts']);
    assert.equal(git(project, 'status', '--porcelain'), '');
  });
} else {
  test('a renamed project keeps its name', () => {
    assert.match(rename('acme-other').stderr, /already renamed to .*git reset --hard/s);
    assert.deepEqual([rename(current).status, git(project, 'status', '--porcelain')], [0, '']);
  });
}
