/**
 * No reader sees half of an old and half of a new value. Another process flips the cells without pause. TEAR_READS sets the number
 * of cells to read. With TEAR_BY=pread the cells are copied once to an unaligned address, and the test fails.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CHUNK_BYTES, HEADER_BYTES } from '../src/format/layout.ts';
import { loadLibc } from '../src/os/libc.ts';
import { SlotReader } from '../src/slot/slot-reader.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const READS = Number(process.env.TEAR_READS ?? 5_000_000);
const CELLS = 64;
const BY = process.env.TEAR_BY ?? 'reader';
const PROGRAM = join(import.meta.dirname, 'support/flipping-process.ts');
/** Numbers above 0 that differ in each of their bytes. */
const PATTERNS = [0x3ff1_1111_1111_1111n, 0x4ff2_2222_2222_2222n];

async function flippedCells(t: TestContext): Promise<string> {
  const directory = temporaryDirectory(t);
  const args = [PROGRAM, directory, String(CELLS), ...PATTERNS.map(String)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(child.stdout, 'data');
  return join(directory, 'slot-0.metrics');
}

/** @returns a function that reads the bits of the cells. */
function readerOf(t: TestContext, path: string): () => BigUint64Array {
  if (BY === 'pread') {
    const fd = openSync(path, 'r');
    t.after(() => closeSync(fd));
    // An unaligned address, as buffers of Node's pool may have.
    const copied = Buffer.alloc(CELLS * 8 + 3).subarray(3);
    return () => {
      readSync(fd, copied, 0, copied.length, HEADER_BYTES + CHUNK_BYTES);
      return new BigUint64Array(Uint8Array.from(copied).buffer);
    };
  }
  const listener = { onMetric() {}, onSameAs() {}, onLog() {}, onSeries() {} };
  const reader = new SlotReader(loadLibc(), 0, path, process.getuid!(), listener);
  t.after(() => reader.close());
  return () => {
    reader.refresh();
    return new BigUint64Array(reader.values.buffer, 0, CELLS);
  };
}

test(`${READS} reads of flipping cells, by ${BY}, give no torn value`, async (t) => {
  const read = readerOf(t, await flippedCells(t));
  const [one, other] = PATTERNS as [bigint, bigint];
  const seen = [0, 0];
  const torn: string[] = [];
  for (let reads = 0; reads < READS; reads += CELLS) {
    for (const bits of read()) {
      if (bits === one) seen[0]!++;
      else if (bits === other) seen[1]!++;
      else torn.push(bits.toString(16));
    }
  }
  t.diagnostic(`${seen[0]} and ${seen[1]} of the two values, ${torn.length} others`);
  assert.deepEqual(torn.slice(0, 10), [], `${torn.length} torn values`);
  assert.ok(
    seen.every((times) => times > 0),
    'both values must be seen: the cells were flipped while they were read',
  );
});
