import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { type Libc, loadLibc } from '../os/libc.ts';
import { holdLowestFreeSlot, tryHold } from './slot-lock.ts';

const libc = loadLibc();

test('a process takes the lowest free slot and creates its file if there is none', (t) => {
  const directory = temporaryDirectory(t);
  const held = [0, 1, 2].map(() => holdLowestFreeSlot(libc, directory));
  t.after(() => {
    for (const { fd } of held) closeSync(fd);
  });
  assert.deepEqual(
    held.map(({ slot }) => slot),
    [0, 1, 2],
  );
  assert.deepEqual(readdirSync(directory).sort(), ['slot-0.metrics', 'slot-1.metrics', 'slot-2.metrics']);
  closeSync(held[1]!.fd);
  held[1] = holdLowestFreeSlot(libc, directory);
  assert.equal(held[1].slot, 1, 'a released slot is taken again');
});

test('probing whether a slot is held acquires no lock', (t) => {
  const path = join(temporaryDirectory(t), 'slot-0.metrics');
  writeFileSync(path, '');
  const probe = openSync(path, 'r');
  t.after(() => closeSync(probe));
  assert.equal(libc.isLockedByAnother(probe), false);
  const fd = tryHold(libc, path)!;
  assert.equal(libc.isLockedByAnother(probe), true);
  assert.equal(libc.isLockedByAnother(fd), false, 'its own lock does not count');
  assert.equal(libc.isSharedByOthers(probe), false);
  libc.shareLock(fd);
  assert.equal(libc.isLockedByAnother(probe), false);
  assert.equal(libc.isSharedByOthers(probe), true);
  assert.equal(tryHold(libc, path), undefined);
  closeSync(fd);
  assert.equal(libc.isLockedByAnother(probe), false);
});

test('if the file is removed or replaced before it is locked, the new file is locked instead', (t) => {
  for (const replace of [unlinkSync, replaceByAnother]) {
    const path = join(temporaryDirectory(t), 'slot-0.metrics');
    let times = 0;
    const late: Libc = {
      ...libc,
      tryLock(fd) {
        if (times++ === 0) replace(path);
        return libc.tryLock(fd);
      },
    };
    const fd = tryHold(late, path)!;
    t.after(() => closeSync(fd));
    assert.equal(times, 2);
    assert.equal(tryHold(libc, path), undefined, 'the file at the path is the one that is locked');
  }
});

function replaceByAnother(path: string): void {
  writeFileSync(`${path}.new`, '');
  renameSync(`${path}.new`, path);
}

test('a path that is not a regular file is skipped and not changed', (t) => {
  const directory = temporaryDirectory(t);
  const at = (slot: number) => join(directory, `slot-${slot}.metrics`);
  const elsewhere = join(directory, 'elsewhere');
  symlinkSync(elsewhere, at(0));
  execFileSync('mkfifo', [at(1)]);
  mkdirSync(at(2));
  symlinkSync('slot-3.metrics', at(3));
  const { slot, fd } = holdLowestFreeSlot(libc, directory);
  closeSync(fd);
  assert.equal(slot, 4);
  assert.ok(!existsSync(elsewhere), 'no file is created through a symlink');
});

test('a missing directory is reported as ENOENT, and a file in its place as ENOTDIR', (t) => {
  const path = join(temporaryDirectory(t), 'nowhere');
  assert.throws(() => holdLowestFreeSlot(libc, path), { code: 'ENOENT' });
  writeFileSync(path, '');
  assert.throws(() => holdLowestFreeSlot(libc, path), { code: 'ENOTDIR' });
});

test('a hard link of a held file is held as well', (t) => {
  const directory = temporaryDirectory(t);
  const { path, fd } = holdLowestFreeSlot(libc, directory);
  t.after(() => closeSync(fd));
  linkSync(path, join(directory, 'slot-1.metrics'));
  const next = holdLowestFreeSlot(libc, directory);
  closeSync(next.fd);
  assert.equal(next.slot, 2);
});
