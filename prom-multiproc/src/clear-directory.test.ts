import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClearOptions, ClearRefusedError, clearDirectory } from './clear-directory.ts';
import { TextReader } from './testing/directory-text.ts';
import { add, COUNTER, openWriter } from './testing/slot-files.ts';
import { type Cleanup, temporaryDirectory } from './testing/temporary-directory.ts';

const AT_ONCE: ClearOptions = { waitMs: 0 };

/** A clock that stands still but for pauses, which do something instead of waiting. */
function pausing(waitMs: number, onPause: (elapsed: number) => void) {
  let elapsed = 0;
  const options: ClearOptions = {
    waitMs,
    now: () => elapsed,
    pause: async (ms) => {
      elapsed += ms;
      onPause(elapsed);
    },
  };
  return { options, elapsed: () => elapsed };
}

/** A metrics directory with two slot files, which nobody holds. */
function counted(t: Cleanup): string {
  const directory = join(temporaryDirectory(t), 'metrics');
  mkdirSync(directory);
  const writers = [openWriter(directory), openWriter(directory)];
  for (const writer of writers) {
    add(writer, COUNTER, '/', 1);
    writer.close();
  }
  return directory;
}

async function assertRefused(path: string, reason: RegExp, options = AT_ONCE): Promise<void> {
  await assert.rejects(clearDirectory(path, options), (error: Error) => {
    assert.ok(error instanceof ClearRefusedError);
    assert.ok(error.message.startsWith(`refusing to clear ${JSON.stringify(path)}: `), error.message);
    assert.match(error.message, reason);
    return true;
  });
}

test('a missing directory is made, with its parents, owner and mode', async (t) => {
  const directory = join(temporaryDirectory(t), 'a', 'metrics');
  const owner = { uid: process.getuid!(), gid: process.getgid!() };
  const cleared = await clearDirectory(directory, { ...owner, mode: 0o2770, waitMs: 0 });
  assert.deepEqual(cleared, { directory, created: true, removed: 0 });
  const { uid, gid, mode } = statSync(directory);
  assert.deepEqual({ uid, gid, mode: mode & 0o7777 }, { ...owner, mode: 0o2770 });
});

test('a new directory is closed to strangers unless told otherwise', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  await clearDirectory(directory, AT_ONCE);
  assert.equal(statSync(directory).mode & 0o007, 0);
});

test('an existing directory keeps owner and mode unless told otherwise', async (t) => {
  const directory = counted(t);
  const before = statSync(directory);
  await clearDirectory(`${directory}/`, AT_ONCE);
  const { uid, gid, mode } = statSync(directory);
  assert.deepEqual({ uid, gid, mode }, { uid: before.uid, gid: before.gid, mode: before.mode });
  await clearDirectory(directory, { mode: 0o700, waitMs: 0 });
  assert.equal(statSync(directory).mode & 0o777, 0o700);
});

test('slot files are removed, damaged and unborn ones too, and counting begins anew', async (t) => {
  const directory = counted(t);
  writeFileSync(join(directory, 'slot-9.metrics'), 'damaged');
  writeFileSync(join(directory, 'slot-9999.metrics'), '');
  assert.deepEqual(await clearDirectory(directory, AT_ONCE), { directory, created: false, removed: 4 });
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(openWriter(directory).slot, 0);
  assert.equal(new TextReader(t, directory).text(), '\n');
});

test('a holder that ends during the wait is waited for', async (t) => {
  const directory = counted(t);
  const holders = [openWriter(directory), openWriter(directory)];
  const { options, elapsed } = pausing(1000, (elapsed) => {
    assert.equal(readdirSync(directory).length, 2, 'nothing is removed before all are free');
    if (elapsed === 200) holders[1]!.close();
    if (elapsed === 400) holders[0]!.close();
  });
  assert.equal((await clearDirectory(directory, options)).removed, 2);
  assert.equal(elapsed(), 400);
});

test('a holder that stays is refused after the wait, and nothing is removed', async (t) => {
  const directory = counted(t);
  const holders = [openWriter(directory), openWriter(directory)];
  holders[0]!.close();
  const { options, elapsed } = pausing(1000, () => {});
  await assertRefused(
    directory,
    /a living process still holds slot-1\.metrics after 1 s; stop it first/,
    options,
  );
  assert.equal(elapsed(), 1000);
  assert.deepEqual(readdirSync(directory).sort(), ['slot-0.metrics', 'slot-1.metrics']);
  assert.equal(openWriter(directory).slot, 0, 'what was free is free again');
});

test('while it waits the slots of the dead are there to be taken, and no file is made beside them', async (t) => {
  const directory = counted(t);
  const [dead] = [openWriter(directory), openWriter(directory)];
  dead!.close();
  const { options } = pausing(100, () => {
    const worker = openWriter(directory);
    assert.equal(worker.slot, 0);
    worker.close();
  });
  await assertRefused(directory, /a living process still holds slot-1\.metrics/, options);
  assert.deepEqual(readdirSync(directory).sort(), ['slot-0.metrics', 'slot-1.metrics']);
});

test('a file removed by another meanwhile is no obstacle', async (t) => {
  const directory = counted(t);
  const holder = openWriter(directory);
  const { options } = pausing(1000, () => {
    unlinkSync(join(directory, 'slot-1.metrics'));
    holder.close();
  });
  await clearDirectory(directory, options);
  assert.deepEqual(readdirSync(directory), []);
});

test('relative paths, .. and the root are refused', async () => {
  for (const path of ['', '.', 'metrics', './metrics', '../metrics', '-rf', '~', ' /tmp/x']) {
    await assertRefused(path, /it is a relative path; give an absolute one/);
  }
  for (const path of ['/tmp/..', '/tmp/../tmp/metrics', '/..', '/tmp/metrics/../']) {
    await assertRefused(path, /it has '\.\.' in it/);
  }
  for (const path of ['/', '//', '///', '/.', '/./']) await assertRefused(path, /root of the file system/);
});

test('a symlink is refused, also with a trailing slash, and what it leads to is left alone', async (t) => {
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

test('a path that is no directory is refused', async (t) => {
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

test('a directory that holds anything foreign is refused, and keeps all it has', async (t) => {
  for (const name of FOREIGN_NAMES) {
    const directory = counted(t);
    writeFileSync(join(directory, name), '');
    const { mode } = statSync(directory);
    const quoted = JSON.stringify(name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    await assertRefused(directory, new RegExp(`it holds ${quoted}, which is not a slot file`), {
      mode: 0o777,
      waitMs: 0,
    });
    assert.equal(readdirSync(directory).length, 3, name);
    assert.equal(statSync(directory).mode, mode, 'its mode, too');
  }
});

test('a file name that is no UTF-8 is foreign', async (t) => {
  const directory = counted(t);
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/slot-5.metrics`), Buffer.from([0xff])]), '');
  await assertRefused(directory, /which is not a slot file/);
  assert.equal(readdirSync(directory).length, 3);
});

test('what has the name of a slot file but is no regular file is refused', async (t) => {
  const make: Record<string, (path: string) => void> = {
    symlink: (path) => symlinkSync('/etc/passwd', path),
    'symlink to a slot file': (path) => symlinkSync('slot-0.metrics', path),
    directory: (path) => mkdirSync(path),
    FIFO: (path) => execFileSync('mkfifo', [path]),
  };
  for (const [what, put] of Object.entries(make)) {
    const directory = counted(t);
    put(join(directory, 'slot-7.metrics'));
    await assertRefused(directory, /it holds "slot-7\.metrics", which is not a slot file/);
    assert.equal(readdirSync(directory).length, 3, what);
  }
});
