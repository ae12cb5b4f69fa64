import assert from 'node:assert/strict';
import fs, { closeSync, ftruncateSync, openSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { add, COUNTER, openWriter, START } from '../../test/support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { CHUNK_BYTES, HEADER_BYTES } from '../format/layout.ts';
import { loadLibc } from '../os/libc.ts';
import { CellReader } from './cell-reader.ts';

const CELLS = 5;

/** A file whose chunk 1 has the cells 10, `START`, 11, `START`, and so on. */
function cells(t: Cleanup) {
  const directory = temporaryDirectory(t);
  const writer = openWriter(directory);
  for (let i = 0; i < CELLS; i++) add(writer, COUNTER, `${i}`, 10 + i);
  const fd = openSync(join(directory, 'slot-0.metrics'), 'r+');
  t.after(() => closeSync(fd));
  const reader = new CellReader(loadLibc());
  reader.addChunks([1]);
  t.after(() => reader.close());
  return { fd, reader };
}

/** Runs `act`. Calls `spoil` with the bytes of each copy right after it was made. */
function spoilCopies(spoil: (copy: Buffer, number: number) => void, act: () => void): void {
  const original = fs.readSync as (...args: unknown[]) => number;
  let number = 0;
  const spoiling = (fd: number, target: Uint8Array, ...rest: unknown[]): number => {
    const got = original(fd, target, ...rest);
    spoil(Buffer.from(target.buffer, target.byteOffset, got), number++);
    return got;
  };
  Object.assign(fs, { readSync: spoiling });
  syncBuiltinESMExports();
  try {
    act();
  } finally {
    Object.assign(fs, { readSync: original });
    syncBuiltinESMExports();
  }
}

for (const torn of [0, 1]) {
  test(`a value torn in copy ${torn} is read again from the mapping`, (t) => {
    const { fd, reader } = cells(t);
    const tear = (copy: Buffer, number: number) => {
      // Half of the value changes, as by a concurrent store.
      if (number === torn) copy.fill(0x41, 2 * 8, 2 * 8 + 4);
    };
    spoilCopies(tear, () => assert.deepEqual([...reader.load(fd, CELLS)], [10, START, 11, START, 12]));
  });
}

test('one cell that is torn in either copy has no value', (t) => {
  const { fd, reader } = cells(t);
  for (const [torn, expected] of [
    [undefined, 11],
    [0, Number.NaN],
    [1, Number.NaN],
  ] as const) {
    const tear = (copy: Buffer, number: number) => {
      if (number === torn) copy.fill(0x41, 0, 4);
    };
    spoilCopies(tear, () => assert.equal(reader.copyOne(fd, 2), expected));
  }
});

test('a file truncated before a torn value is read again causes an error and does not crash the reader', (t) => {
  const { fd, reader } = cells(t);
  const cut = (copy: Buffer, number: number) => {
    if (number !== 1) return;
    copy.fill(0, 0, 8);
    ftruncateSync(fd, HEADER_BYTES + CHUNK_BYTES);
  };
  spoilCopies(cut, () => assert.throws(() => reader.load(fd, CELLS), /file is truncated/));
});
