/** Directories that `clearDirectory()` refuses for every user. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppProcess } from '../test/support/application.ts';
import { AT_ONCE, assertRefused, counted } from '../test/support/clearing.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';
import { clearDirectory } from './clear-directory.ts';

test('relative paths, paths with .. and the directory / are refused', async () => {
  for (const path of ['', '.', 'metrics', './metrics', '../metrics', '-rf', '~', ' /tmp/x']) {
    await assertRefused(path, /it is a relative path; give an absolute one/);
  }
  for (const path of ['/tmp/..', '/tmp/../tmp/metrics', '/..', '/tmp/metrics/../']) {
    await assertRefused(path, /it contains '\.\.'/);
  }
  for (const path of ['/', '//', '///', '/.', '/./']) await assertRefused(path, /root of the file system/);
});

test('a symlink is refused, also with a trailing slash, and its target is unchanged', async (t) => {
  const directory = counted(t);
  const link = join(temporaryDirectory(t), 'link');
  symlinkSync(directory, link);
  await assertRefused(link, /it is a symlink/);
  for (const path of [`${link}/`, `${link}//`, `${link}/.`]) {
    await assert.rejects(clearDirectory(path, AT_ONCE), /refusing to clear .*link": it is a symlink/);
  }
  const dangling = join(temporaryDirectory(t), 'dangling');
  symlinkSync('/nonexistent', dangling);
  await assertRefused(dangling, /it is a symlink/);
  assert.equal(readdirSync(directory).length, 2);
});

test('an error in a parent directory names this directory and the path', async (t) => {
  const parent = temporaryDirectory(t);
  const directory = join(parent, 'a'.repeat(300), 'metrics');
  await assert.rejects(clearDirectory(directory, AT_ONCE), {
    message: `ENAMETOOLONG: lstat failed in ${parent}, on the way to ${directory}`,
  });
});

test('a path that is not a directory is refused', async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'file');
  writeFileSync(file, '');
  await assertRefused(file, /it is not a directory/);
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  await assertRefused(fifo, /it is not a directory/);
  await assert.rejects(clearDirectory(join(file, 'metrics'), AT_ONCE), /ENOTDIR.*file/);
});

const FOREIGN_NAMES = [
  'README',
  '.hidden',
  '..hidden',
  'two words',
  ' ',
  'line\nfeed',
  '-rf',
  '--',
  '*',
  'slot-*.metrics',
  '$(reboot)',
  'slot-01.metrics',
  'slot-10000.metrics',
  'slot--1.metrics',
  'slot-.metrics',
  'slot-0.metrics.bak',
  'slot-0.metrics\n',
  'slot-0.metric',
  'Slot-0.metrics',
  'slot-٣.metrics',
];

test('a directory with a foreign file is refused and unchanged', async (t) => {
  for (const name of FOREIGN_NAMES) {
    const directory = counted(t);
    writeFileSync(join(directory, name), '');
    const { mode } = statSync(directory);
    const quoted = JSON.stringify(name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    await assertRefused(directory, new RegExp(`it contains ${quoted}, which is not a slot file`), {
      mode: 0o777,
      waitMs: 0,
    });
    assert.equal(readdirSync(directory).length, 3, name);
    assert.equal(statSync(directory).mode, mode, 'mode unchanged');
  }
});

test('the message says if a foreign file belongs to another client or to the file system', async (t) => {
  for (const [name, what] of [
    ['gauge_livesum_12.db', "a file of Python's prometheus_client, which uses the same variable"],
    ['lost+found', 'which the file system creates at its mount point'],
  ] as const) {
    const directory = counted(t);
    writeFileSync(join(directory, name), '');
    await assertRefused(
      directory,
      new RegExp(`it contains "${name.replace('+', '\\+')}", ${what}; use a separate directory$`),
    );
  }
});

test("another user's directory is refused, and the message says what to do", async (t) => {
  if (process.getuid!() !== 0) {
    await assertRefused(
      '/usr',
      /it belongs to user id 0, but this process runs as user id \d+: give it to this user/,
    );
    return;
  }
  // An unprivileged user and a directory of root, such as a mount point.
  const parent = temporaryDirectory(t);
  chmodSync(parent, 0o755);
  const directory = join(parent, 'volume');
  for (const [mode, advice] of [
    [0o777, /use a directory below it, such as PROMETHEUS_MULTIPROC_DIR=\S+\/volume\/metrics/],
    [0o755, /give it to this user before the start \(`chown 65534 \S+\/volume` as root/],
  ] as const) {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, mode);
    const app = await AppProcess.start(t, undefined, { RUN_AS: '65534' });
    await assert.rejects(app.clear(directory), (error: Error) => {
      assert.match(
        error.message,
        /^refusing to clear .*: it belongs to user id 0, but this process runs as user id 65534: /,
      );
      assert.match(error.message, advice);
      return true;
    });
  }
});

test('the message says if a slot file is on a read-only file system or lacks permissions', async (t) => {
  for (const [code, advice] of [
    ['EROFS', /slot-0\.metrics is on a read-only file system; mount it read-write$/],
    [
      'EACCES',
      /this user cannot read and write slot-0\.metrics; run the command as its owner, who needs both/,
    ],
  ] as const) {
    const directory = counted(t);
    t.mock.method(fs, 'accessSync', () => {
      throw Object.assign(new Error(code), { code });
    });
    syncBuiltinESMExports();
    try {
      await assertRefused(directory, advice);
    } finally {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    }
  }
});

test('a file name that is not UTF-8 is foreign', async (t) => {
  const directory = counted(t);
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/slot-5.metrics`), Buffer.from([0xff])]), '');
  await assertRefused(directory, /which is not a slot file/);
  assert.equal(readdirSync(directory).length, 3);
});

test('an entry named like a slot file that is not a regular file is refused', async (t) => {
  const make: Record<string, (path: string) => void> = {
    symlink: (path) => symlinkSync('/etc/passwd', path),
    'symlink to a slot file': (path) => symlinkSync('slot-0.metrics', path),
    directory: (path) => mkdirSync(path),
    FIFO: (path) => execFileSync('mkfifo', [path]),
  };
  for (const [what, put] of Object.entries(make)) {
    const directory = counted(t);
    put(join(directory, 'slot-7.metrics'));
    await assertRefused(directory, /it contains "slot-7\.metrics", which is not a slot file/);
    assert.equal(readdirSync(directory).length, 3, what);
  }
});
