/**
 * Damages slot files at random. No reader may crash, hang, show wrong values of another slot or the exemplar of another series. FUZZ_FILES sets the number of
 * files, FUZZ_SEED the seed.
 */
import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { TextReader } from '../../test/support/directory-text.ts';
import { Random } from '../../test/support/random.ts';
import { sample } from '../../test/support/sample.ts';
import {
  add,
  addExemplar,
  COUNTER,
  definition,
  GAUGE,
  HISTOGRAM,
  openWriter,
  SUMMARY,
  TRACED,
  TRACED_HISTOGRAM,
} from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { AT_CHUNK_KINDS, AT_LOG_STATE, CHUNK_BYTES, EXEMPLAR_BYTES, HEADER_BYTES } from '../format/layout.ts';

const FILES = Number(process.env.FUZZ_FILES ?? 20_000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const LOG_AT = HEADER_BYTES;
const CELLS_AT = HEADER_BYTES + CHUNK_BYTES;
const CELL_BYTES = 1024;
const EXEMPLARS_AT = HEADER_BYTES + 2 * CHUNK_BYTES;
const USED_EXEMPLAR_BYTES = 15 * EXEMPLAR_BYTES;

const EDGES = [0, 1, 2, 3, 4, 7, 8, 127, 255, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];

/** Changes bytes that a reader uses. @returns whether the caller should update the checksum of the log. */
function damage(file: Buffer, logBytes: number, random: Random): boolean {
  const spots = [
    () => random.int(64),
    () => AT_CHUNK_KINDS + random.int(4),
    () => LOG_AT + random.int(logBytes),
    () => LOG_AT + random.int(logBytes),
    () => CELLS_AT + random.int(CELL_BYTES),
    () => EXEMPLARS_AT + random.int(USED_EXEMPLAR_BYTES),
    () => random.int(file.length),
  ];
  for (let changes = 1 + random.int(4); changes > 0; changes--) {
    const at = random.pick(spots)();
    const word = Math.min(at & ~3, file.length - 4);
    random.pick([
      () => file.writeUInt8(random.int(256), at),
      () => file.writeUInt8(file[at]! ^ (1 << random.int(8)), at),
      () => file.writeUInt32LE(random.pick(EDGES), word),
      () => file.writeUInt32LE((file.readUInt32LE(word) + random.pick([-8, -1, 1, 8])) >>> 0, word),
      () => file.copy(file, at, LOG_AT + random.int(logBytes), LOG_AT + logBytes),
    ])();
  }
  return random.int(2) === 0;
}

function updateChecksum(file: Buffer): void {
  const bytes = Math.min(file.readUInt32LE(AT_LOG_STATE), CHUNK_BYTES);
  file.writeUInt32LE(crc32(file.subarray(LOG_AT, LOG_AT + bytes)), AT_LOG_STATE + 4);
}

/** The ranges of the file that `damage` may change: offset and length. */
const CHANGED_RANGES = [
  [0, HEADER_BYTES],
  [LOG_AT, 4096],
  [CELLS_AT, CELL_BYTES],
  [EXEMPLARS_AT, USED_EXEMPLAR_BYTES],
] as const;

test(`${FILES} damaged files crash no reader and do not change the values of another slot`, (t) => {
  const directory = temporaryDirectory(t);
  const [victim, other] = [openWriter(directory), openWriter(directory)];
  for (const value of ['/', '/a', 'ü']) {
    add(victim, COUNTER, value, 5);
    add(victim, HISTOGRAM, value, 4, 1, 1, 1, 1);
    add(victim, { ...GAUGE, aggregator: 'mostrecent' }, value, 1, 1);
    add(victim, SUMMARY, value, 4, 2);
    add(victim, TRACED, value, 5);
    add(victim, TRACED_HISTOGRAM, value, 4, 1, 1, 1, 1);
    addExemplar(victim, TRACED, value, { of: value });
    for (let place = 0; place < 4; place++) {
      addExemplar(victim, TRACED_HISTOGRAM, value, { of: `${value} ${place}` }, { place });
    }
  }
  add(other, definition({ name: 'unharmed_total' }), '/', 100);
  const good = readFileSync(join(directory, 'slot-0.metrics'));
  const logBytes = good.readUInt32LE(AT_LOG_STATE);
  assert.equal(good.length, EXEMPLARS_AT + CHUNK_BYTES);
  const fd = openSync(join(directory, 'slot-0.metrics'), 'r+');
  t.after(() => closeSync(fd));
  const write = (file: Buffer) => {
    for (const [at, length] of CHANGED_RANGES) writeSync(fd, file, at, length, at);
  };

  const random = new Random(SEED);
  const witness = new TextReader(t, directory);
  const goodText = witness.text();
  const goodExemplars = witness.exemplars();
  assert.equal(goodExemplars.size, 15);
  const outcomes = new Map<string, number>();
  for (let n = 0; n < FILES; n++) {
    const where = `FUZZ_SEED=${SEED}, file ${n}`;
    const file = Buffer.from(good);
    const isForged = damage(file, logBytes, random);
    if (isForged) updateChecksum(file);
    write(file);
    const length = random.int(8) === 0 ? random.int(good.length) : good.length;
    if (length < good.length) ftruncateSync(fd, length);

    const cleanups: (() => void)[] = [];
    const fresh = new TextReader({ after: (run) => cleanups.push(run as () => void) }, directory);
    assert.equal(sample(fresh.text(), 'unharmed_total{route="/"}'), 100, where);
    for (const [series, exemplar] of fresh.exemplars()) {
      // With a forged checksum of the log a series may have another name.
      if (!isForged) assert.equal(exemplar, goodExemplars.get(series), `${where}: ${series}`);
    }
    const kind = kindOf(fresh.errors);
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    for (const clean of cleanups) clean();
    // This reader has read the intact file. With a forged checksum it may accept forged records.
    if (!isForged) assert.equal(sample(witness.text(), 'unharmed_total{route="/"}'), 100, where);

    write(good);
    if (length < good.length) {
      ftruncateSync(fd, good.length);
      writeSync(fd, good);
    }
    witness.errors.length = 0;
    if (n % 16 !== 0) continue;
    assert.equal(witness.text(), goodText, `${where}: restored`);
    assert.deepEqual(witness.exemplars(), goodExemplars, `${where}: restored`);
  }
  for (const [kind, files] of [...outcomes].sort(([, a], [, b]) => b - a)) t.diagnostic(`${files} ${kind}`);
});

/** The error of a reader without its numbers. */
function kindOf([error]: readonly string[]): string {
  if (error === undefined) return 'accepted';
  return error
    .replace(/^\S*: /, '')
    .replace(/ \(payload.*/, '')
    .replaceAll(/\d+/g, 'N');
}
