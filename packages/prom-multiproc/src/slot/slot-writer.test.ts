import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  ftruncateSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TextReader } from '../../test/support/directory-text.ts';
import { sample, values } from '../../test/support/sample.ts';
import {
  add,
  COUNTER,
  definition,
  GAUGE,
  HISTOGRAM,
  openWriter,
  START,
  SUMMARY,
} from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import {
  CELL_OF_QUANTILES,
  CELLS_PER_CHUNK,
  CHUNK_BYTES,
  cellsPerSeries,
  HEADER_BYTES,
  MAX_CHUNKS,
} from '../format/layout.ts';
import { LibcError, loadLibc } from '../os/libc.ts';

const slotPath = (directory: string, slot = 0) => join(directory, `slot-${slot}.metrics`);
const bytesPerSeries = (directory: string, series: number) => statSync(slotPath(directory)).size / series;

test('20,000 series in many chunks are read, taken over and counted further', (t) => {
  const directory = temporaryDirectory(t);
  const reader = new TextReader(t, directory);
  const count = (series: number) => {
    const writer = openWriter(directory);
    for (let i = 0; i < series; i++) {
      add(writer, COUNTER, `/a/rather/long/path/of/some/page/${i}`, i);
      if (i % 4 === 0) add(writer, HISTOGRAM, `${i}`, 10, 1, 1, 1, 1);
      if (i % 3000 === 0) reader.slots();
    }
    writer.close();
  };
  count(10_000);
  count(20_000);
  const size = statSync(slotPath(directory)).size;
  count(20_000);
  assert.equal(statSync(slotPath(directory)).size, size, 'known series take no more space');
  assert.ok(bytesPerSeries(directory, 20_000) < 200);
  for (const text of [reader.text(), new TextReader(t, directory).text()]) {
    const shown = values(text);
    const value = (i: number) => shown.get(`requests_total{route="/a/rather/long/path/of/some/page/${i}"}`);
    for (let i = 0; i < 20_000; i++) assert.equal(value(i), i < 10_000 ? 3 * i : 2 * i);
    assert.equal(sample(text, 'seconds_count{route="4"}'), 12);
    assert.equal(sample(text, 'seconds_count{route="19996"}'), 8);
  }
  assert.deepEqual(reader.errors, []);
});

test('records as long as a chunk or longer are read completely', (t) => {
  const directory = temporaryDirectory(t);
  const reader = new TextReader(t, directory);
  const values = [1, 8, 65_000, CHUNK_BYTES - 24, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 5].map(
    (length, i) => String(i).repeat(length),
  );
  for (let round = 1; round <= 2; round++) {
    const writer = openWriter(directory);
    for (const value of values) {
      add(writer, COUNTER, value, 1);
      assert.equal(sample(reader.text(), `requests_total{route="${value}"}`), round);
    }
    writer.close();
  }
});

test('the cells of a histogram never straddle two chunks', (t) => {
  const directory = temporaryDirectory(t);
  const bounds = Array.from({ length: 998 }, (_, i) => i);
  const wide = definition({ name: 'wide', type: 'histogram', bounds });
  const writer = openWriter(directory);
  const ones = new Array(1000).fill(1);
  for (let i = 0; i < 20; i++) {
    add(writer, COUNTER, `${i}`, i);
    add(writer, wide, `${i}`, ...ones);
    const { array, base } = writer.series(wide, [[0, `${i}`]])!;
    assert.equal(array.length, CELLS_PER_CHUNK);
    assert.ok(base + cellsPerSeries(wide) <= CELLS_PER_CHUNK);
  }
  const text = new TextReader(t, directory).text();
  for (let i = 0; i < 20; i++) {
    assert.equal(sample(text, `wide_count{route="${i}"}`), 999);
    assert.equal(sample(text, `requests_total{route="${i}"}`), i);
  }
});

test('a histogram with more buckets than a chunk has cells is refused, and other metrics are counted', (t) => {
  const directory = temporaryDirectory(t);
  const refused: string[] = [];
  const writer = openWriter(directory, { onRefused: (error) => refused.push(error.message) });
  const bounds = Array.from({ length: CELLS_PER_CHUNK }, (_, i) => i);
  assert.equal(writer.series(definition({ name: 'huge', type: 'histogram', bounds }), []), undefined);
  assert.match(
    refused[0]!,
    /huge has too many buckets or quantiles: 8195 cells for each series, at most 8192/,
  );
  add(writer, COUNTER, '/', 1);
  assert.equal(sample(new TextReader(t, directory).text(), 'requests_total{route="/"}'), 1);
});

test('a successor continues the counts of its slot and starts its gauges without a value', (t) => {
  const directory = temporaryDirectory(t);
  const first = openWriter(directory);
  add(first, COUNTER, '/', 5);
  add(first, HISTOGRAM, '/', 7, 1, 2, 3, 4);
  add(first, SUMMARY, '/', 9, 3);
  add(first, GAUGE, '/', 11);
  first.close();
  const second = openWriter(directory);
  const cells = (metric: typeof COUNTER, count: number) => {
    const { array, base } = second.series(metric, [[0, '/']])!;
    return [...array.slice(base, base + count)];
  };
  assert.deepEqual(cells(COUNTER, 2), [5, START]);
  assert.deepEqual(cells(HISTOGRAM, 6), [7, START, 1, 2, 3, 4]);
  assert.deepEqual(cells(SUMMARY, 3), [9, START, 3]);
  assert.deepEqual(cells(GAUGE, 1), [Number.NaN]);
});

test('if a chunk cannot be allocated or mapped, only the new series is refused, and later series succeed', (t) => {
  const failures = {
    allocate: new LibcError('posix_fallocate', 28),
    mmap: new LibcError('mmap', 12),
  };
  for (const call of ['allocate', 'mmap'] as const) {
    const directory = temporaryDirectory(t);
    let failing = false;
    const libc = loadLibc();
    const scarce = {
      ...libc,
      [call]: (...args: never[]) => {
        if (failing) throw failures[call];
        return (libc[call] as (...args: never[]) => unknown)(...args);
      },
    };
    const refused: Error[] = [];
    const writer = openWriter(directory, { libc: scarce, onRefused: (error) => refused.push(error) });
    for (let i = 0; i < CELLS_PER_CHUNK; i++) add(writer, COUNTER, `${i}`, 1);
    failing = true;
    for (const value of ['refused', 'refused too']) {
      assert.equal(writer.series(COUNTER, [[0, value]]), undefined);
    }
    add(writer, COUNTER, '0', 1);
    failing = false;
    for (let i = 0; i < CELLS_PER_CHUNK; i++) add(writer, COUNTER, `later ${i}`, i);
    assert.deepEqual(refused, [failures[call], failures[call]]);
    writer.close();
    const successor = openWriter(directory);
    for (let i = 0; i < CELLS_PER_CHUNK; i++) add(successor, COUNTER, `later ${i}`, 1);
    const shown = values(new TextReader(t, directory).text());
    assert.equal(shown.get('requests_total{route="0"}'), 2);
    for (let i = 0; i < CELLS_PER_CHUNK; i++) {
      assert.equal(shown.get(`requests_total{route="later ${i}"}`), i + 1);
    }
  }
});

test('a file with the maximum number of chunks refuses new series and counts the others', (t) => {
  const directory = temporaryDirectory(t);
  const libc = loadLibc();
  // A sparse file, because a full one takes 235 MB.
  const sparse = {
    ...libc,
    allocate: (fd: number, at: number, length: number) => ftruncateSync(fd, at + length),
  };
  const refused: string[] = [];
  const onRefused = (error: Error) => refused.push(error.message);
  const writer = openWriter(directory, { libc: sparse, onRefused });
  add(writer, COUNTER, '/', 1);
  const bounds = Array.from({ length: CELLS_PER_CHUNK - CELL_OF_QUANTILES }, (_, i) => i);
  const wide = definition({ name: 'wide', type: 'summary', bounds });
  let series = 0;
  while (refused.length === 0) if (writer.series(wide, [[0, `${series}`]]) !== undefined) series++;
  assert.ok(series > MAX_CHUNKS - 10 && series < MAX_CHUNKS);
  assert.match(refused[0]!, /slot-0\.metrics is full \(224 MiB\): use labels with fewer values/);
  add(writer, COUNTER, '/', 1);
  const reader = new TextReader(t, directory);
  assert.equal(sample(reader.text(), 'requests_total{route="/"}'), 2);
  assert.equal(reader.slots()[0]!.refused, 1);
  writer.close();
  add(openWriter(directory), COUNTER, '/', 1);
  assert.equal(sample(reader.text(), 'requests_total{route="/"}'), 3);
});

test('an unborn file of any length is taken', (t) => {
  for (const length of [0, 1, 100, HEADER_BYTES]) {
    const directory = temporaryDirectory(t);
    writeFileSync(slotPath(directory), Buffer.alloc(length));
    const writer = openWriter(directory);
    assert.equal(writer.slot, 0);
    add(writer, COUNTER, '/', 1);
    assert.equal(sample(new TextReader(t, directory).text(), 'requests_total{route="/"}'), 1);
  }
});

test('a damaged file is skipped and not changed', (t) => {
  const u32 = (at: number, value: number) => (file: Buffer) => file.writeUInt32LE(value, at);
  const damages: Record<string, (file: Buffer) => unknown> = {
    'magic missing': (file) => file.fill(0, 0, 8),
    'magic wrong': (file) => file.write('PROMSLOX'),
    'version 0': u32(8, 0),
    'version 1': u32(8, 1),
    'log longer': (file) => u32(16, file.readUInt32LE(16) + 8)(file),
    'log shorter': (file) => u32(16, file.readUInt32LE(16) - 8)(file),
    'log of odd length': (file) => u32(16, file.readUInt32LE(16) - 1)(file),
    'log beyond the file': u32(16, 0xfffffff8),
    'log checksum': u32(20, 0),
    'no chunks': u32(24, 0),
    'one chunk more': (file) => u32(24, file.readUInt32LE(24) + 1)(file),
    'chunks beyond the header': u32(24, 0xffffffff),
    'chunk of kind 0': (file) => file.writeUInt8(0, 512),
    'chunk of kind 4': (file) => file.writeUInt8(4, 512),
    'log as exemplars': (file) => file.writeUInt8(3, 512),
    'chunks exchanged': (file) => file.write('\x01\x02', 512),
    'a counter below zero': (file) => file.writeDoubleLE(-5, HEADER_BYTES + CHUNK_BYTES),
    'a byte of the log': (file) => file.writeUInt8(0xff, HEADER_BYTES + 40),
  };
  for (const [what, damage] of Object.entries(damages)) {
    const directory = temporaryDirectory(t);
    const first = openWriter(directory);
    add(first, COUNTER, '/', 5);
    add(first, GAUGE, '/', 5);
    first.close();
    const file = readFileSync(slotPath(directory));
    damage(file);
    writeFileSync(slotPath(directory), file);
    const next = openWriter(directory);
    assert.equal(next.slot, 1, what);
    add(next, COUNTER, '/', 1);
    assert.deepEqual(readFileSync(slotPath(directory)), file, `${what}: changed`);
    const reader = new TextReader(t, directory);
    assert.equal(sample(reader.text(), 'requests_total{route="/"}'), 1, what);
    assert.equal(reader.errors.length, 1, what);
    next.close();
  }
});

test('a truncated file is skipped', (t) => {
  const directory = temporaryDirectory(t);
  const first = openWriter(directory);
  add(first, COUNTER, '/', 5);
  first.close();
  for (const length of [HEADER_BYTES + 2 * CHUNK_BYTES - 1, HEADER_BYTES + CHUNK_BYTES, HEADER_BYTES, 600]) {
    truncateSync(slotPath(directory), length);
    const next = openWriter(directory);
    assert.equal(next.slot, 1, `${length} bytes`);
    next.close();
  }
});

test('a file of another user is skipped', (t) => {
  const directory = temporaryDirectory(t);
  const first = openWriter(directory);
  add(first, COUNTER, '/', 5);
  first.close();
  // Only root can change the owner of a file. Any other user takes slot 0 again.
  const isRoot = process.getuid!() === 0;
  if (isRoot) chownSync(slotPath(directory), 65534, 65534);
  const next = openWriter(directory);
  assert.equal(next.slot, isRoot ? 1 : 0);
  assert.equal(existsSync(slotPath(directory, 1)), isRoot);
  next.close();
});
