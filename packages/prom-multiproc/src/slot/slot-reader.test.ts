import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TextReader } from '../../test/support/directory-text.ts';
import { sample } from '../../test/support/sample.ts';
import { add, COUNTER, definition, GAUGE, openWriter } from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { live, twoSlots } from '../../test/support/two-slots.ts';
import { CHUNK_BYTES, HEADER_BYTES } from '../format/layout.ts';

type Damage = (path: string, file: Buffer) => void;

const written =
  (change: (file: Buffer) => unknown): Damage =>
  (path, file) => {
    change(file);
    const fd = openSync(path, 'r+');
    writeSync(fd, file);
    closeSync(fd);
  };
const u32 = (at: number, value: number) => written((file) => file.writeUInt32LE(value, at));
const u8 = (at: number, value: number) => written((file) => file.writeUInt8(value, at));
const cell = (index: number, value: number) =>
  written((file) => file.writeDoubleLE(value, HEADER_BYTES + CHUNK_BYTES + 8 * index));
const truncated =
  (length: number): Damage =>
  (path) =>
    truncateSync(path, length);

const DAMAGES: Record<string, Damage> = {
  'magic wrong': written((file) => file.write('PROMSLOX')),
  'magic missing': written((file) => file.fill(0, 0, 8)),
  'version 0': u32(8, 0),
  'version 1': u32(8, 1),
  'log state 0': written((file) => file.fill(0, 16, 24)),
  'log shorter': written((file) => file.writeUInt32LE(file.readUInt32LE(16) - 8, 16)),
  'log longer': written((file) => file.writeUInt32LE(file.readUInt32LE(16) + 8, 16)),
  'log of odd length': written((file) => file.writeUInt32LE(file.readUInt32LE(16) + 4, 16)),
  'log beyond all chunks': u32(16, 0xfffffff8),
  'checksum wrong': u32(20, 1),
  'no chunks': u32(24, 0),
  'one chunk less': u32(24, 1),
  'one chunk more': u32(24, 3),
  'too many chunks': u32(24, 0xffffffff),
  'chunk kind 0': u8(512, 0),
  'chunk kind 4': u8(513, 4),
  'cells as exemplars': u8(513, 3),
  'chunk kinds exchanged': written((file) => file.write('\x01\x02', 512)),
  'all zeros': written((file) => file.fill(0)),
  'all ones': written((file) => file.fill(0xff)),
  'header zeroed': written((file) => file.fill(0, 0, HEADER_BYTES)),
  'no chunks and truncated after the header': (path, file) => {
    u32(24, 0)(path, file);
    truncateSync(path, HEADER_BYTES);
  },
  'one chunk less and truncated': (path, file) => {
    u32(24, 1)(path, file);
    truncateSync(path, HEADER_BYTES + CHUNK_BYTES);
  },
  'a counter below zero': cell(0, -1),
  'a counter of minus infinity': cell(0, -Infinity),
  'a start time below zero': cell(1, -1),
  'a start time of NaN': cell(1, Number.NaN),
  'a start time of infinity': cell(3, Infinity),
  'a bucket below zero': cell(4, -1),
  'a bucket of NaN': cell(5, Number.NaN),
  'a bucket that is no whole number': cell(6, 1.5),
  'a bucket above 2^53': cell(7, 2 ** 54),
  'a bucket of infinity': cell(7, Infinity),
  'truncated to zero bytes': truncated(0),
  'truncated to one byte': truncated(1),
  'truncated within the header': truncated(HEADER_BYTES - 1),
  'truncated after the header': truncated(HEADER_BYTES),
  'truncated within a chunk': truncated(HEADER_BYTES + 100),
  'truncated after a chunk': truncated(HEADER_BYTES + CHUNK_BYTES),
  'truncated by one byte': truncated(HEADER_BYTES + 2 * CHUNK_BYTES - 1),
  removed: unlinkSync,
  'replaced by another file': (path, file) => {
    writeFileSync(`${path}.new`, file);
    renameSync(`${path}.new`, path);
  },
  'replaced by a symlink to a copy': (path, file) => {
    writeFileSync(`${path}.new`, file);
    unlinkSync(path);
    symlinkSync(`${path}.new`, path);
  },
  'replaced by a FIFO': (path) => {
    unlinkSync(path);
    execFileSync('mkfifo', [path]);
  },
  'replaced by a directory': (path) => {
    unlinkSync(path);
    mkdirSync(path);
  },
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  test(`the totals keep the last good values of a slot file that is damaged after it was read: ${what}`, (t) => {
    const { path, other, reader, total } = twoSlots(t);
    damage(path, readFileSync(path));
    add(other, COUNTER, '/', 1);
    assert.equal(total(reader), 106);
    assert.equal(sample(reader.text(), 'seconds_count{route="/"}'), 4);
    assert.equal(reader.errors.length, 1, 'reported once');
    assert.match(reader.errors[0]!, /slot-0\.metrics: /);
    assert.deepEqual(
      reader.slots().map(({ error }) => error === undefined),
      [false, true],
    );
  });
}

test('a slot file damaged before the first reading is left out, and other slots are read', (t) => {
  for (const [what, damage] of Object.entries(DAMAGES)) {
    const { directory, path, other, total } = twoSlots(t);
    damage(path, readFileSync(path));
    const fresh = new TextReader(t, directory);
    const intact = what === 'replaced by another file' ? 5 : 0;
    assert.equal(total(fresh), 100 + intact, what);
    add(other, COUNTER, '/', 1);
    assert.equal(total(fresh), 101 + intact, what);
    rmSync(path, { recursive: true, force: true });
  }
});

test('a damaged file is read again once it is restored', (t) => {
  const { path, victim, reader, total } = twoSlots(t);
  const good = readFileSync(path);
  for (const damage of [u32(8, 9), u32(20, 1), u32(24, 3), u8(512, 4), u8(512, 1)]) {
    damage(path, readFileSync(path));
    assert.equal(total(reader), 105);
    assert.ok(reader.slots()[0]!.error);
    written(() => {})(path, good);
    assert.equal(total(reader), 105);
    assert.equal(reader.slots()[0]!.error, undefined);
  }
  add(victim, COUNTER, '/', 1);
  assert.equal(total(reader), 106);
});

test('the last gauges of a damaged slot are shown as long as its holder is alive', (t) => {
  for (const [what, damage] of Object.entries(DAMAGES)) {
    const { path, victim, other, reader } = twoSlots(t);
    add(victim, GAUGE, '/', 2);
    add(other, GAUGE, '/', 30);
    const gauge = () => sample(reader.text(), 'in_flight{route="/"}');
    assert.equal(gauge(), 32);
    damage(path, readFileSync(path));
    for (let scrape = 0; scrape < 2; scrape++) assert.equal(gauge(), 32, what);
    victim.close();
    for (let scrape = 0; scrape < 2; scrape++) assert.equal(gauge(), 30, what);
  }
});

test('a file of another owner than the directory is not read', (t) => {
  const { directory, path, total } = twoSlots(t);
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  if (uid !== 0) {
    // Only root can change the owner of a file. Any other user checks a directory of root.
    assert.throws(() => openWriter('/'), /belongs to user id 0, but this process runs as/);
    return;
  }
  execFileSync('chown', ['65534', path]);
  const reader = new TextReader(t, directory);
  assert.equal(total(reader), 100);
  assert.match(reader.errors[0]!, /owner is user id 65534, the directory's is 0/);
  execFileSync('chown', ['65534', directory]);
  assert.throws(
    () => openWriter(directory),
    /belongs to user id 65534, but this process runs as user id 0: .*chown/,
  );
  execFileSync('chown', [`${uid}:${gid}`, directory]);
  const writer = openWriter(directory);
  assert.equal(writer.slot, 2, 'root does not write to it either');
});

test('a file that this user may not read is reported and left out', (t) => {
  const { directory, path, total } = twoSlots(t);
  chmodSync(path, 0);
  const reader = new TextReader(t, directory);
  // Root may read any file.
  const readable = process.getuid!() === 0;
  assert.equal(total(reader), readable ? 105 : 100);
  assert.equal(reader.errors.length, readable ? 0 : 1);
});

test('files with other names are ignored', (t) => {
  const { directory, path, total, reader } = twoSlots(t);
  for (const name of ['slot-00.metrics', 'slot-10000.metrics', 'slot--1.metrics', 'slot-2.metrics~', 'x']) {
    cpSync(path, join(directory, name));
  }
  assert.equal(total(reader), 105);
  assert.deepEqual(reader.errors, []);
});

test('reading takes no lock and prevents no takeover', (t) => {
  const directory = temporaryDirectory(t);
  const readers = [new TextReader(t, directory), new TextReader(t, directory)];
  for (let i = 1; i <= 200; i++) {
    const writer = openWriter(directory);
    assert.equal(writer.slot, 0);
    add(writer, COUNTER, '/', 1);
    for (const reader of readers) {
      assert.equal(sample(reader.text(), 'requests_total{route="/"}'), i);
      assert.equal(live(reader), 1);
    }
    writer.close();
    for (const reader of readers) assert.equal(live(reader), 0);
  }
});

test('an unborn file is empty and not reported as damage, and is read once it is initialized', (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'slot-0.metrics');
  const reader = new TextReader(t, directory);
  for (const length of [0, 1, HEADER_BYTES - 1, HEADER_BYTES]) {
    writeFileSync(path, Buffer.alloc(length));
    assert.equal(reader.text(), '\n');
    assert.deepEqual(
      reader.slots().map(({ slot, live, error, series }) => ({ slot, live, error, series })),
      [{ slot: 0, live: false, error: undefined, series: 0 }],
    );
  }
  add(openWriter(directory), definition(), '/', 3);
  assert.equal(sample(reader.text(), 'requests_total{route="/"}'), 3);
  assert.deepEqual(reader.errors, []);
});
