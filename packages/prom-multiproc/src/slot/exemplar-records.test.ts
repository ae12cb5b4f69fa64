import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TextReader } from '../../test/support/directory-text.ts';
import {
  add,
  addExemplar,
  COUNTER,
  openWriter,
  START,
  TRACED,
  TRACED_HISTOGRAM,
} from '../../test/support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { ExemplarChunk } from '../format/exemplar-record.ts';
import {
  CELL_OF_BUCKETS,
  CHUNK_BYTES,
  cellsPerSeries,
  EXEMPLAR_BYTES,
  EXEMPLAR_NUMBERS,
  EXEMPLARS_PER_CHUNK,
  HEADER_BYTES,
} from '../format/layout.ts';
import { LibcError, loadLibc } from '../os/libc.ts';

const slotPath = (directory: string) => join(directory, 'slot-0.metrics');
const COUNTED = 'traced_total{route="/"}';

function slots(t: Cleanup, count: number) {
  const directory = temporaryDirectory(t);
  const writers = Array.from({ length: count }, () => openWriter(directory));
  for (const writer of writers) {
    add(writer, TRACED, '/', 1);
    add(writer, TRACED_HISTOGRAM, '/', 4, 1, 1, 1, 1);
  }
  return { directory, writers, reader: new TextReader(t, directory) };
}

test('the newest exemplar of all slots is shown, then that of the lowest slot', (t) => {
  const { writers, reader } = slots(t, 3);
  const shown = () => reader.exemplars().get(COUNTED);
  for (const [slot, time, expected] of [
    [1, 20, 1],
    [0, 10, 1],
    [2, 20, 1],
    [0, 20, 0],
    [2, 21, 2],
  ] as const) {
    addExemplar(writers[slot]!, TRACED, '/', { trace_id: `of ${slot}` }, { time });
    assert.match(shown()!, new RegExp(`^{trace_id="of ${expected}"} 1 2`));
  }
});

test('each bucket has its own exemplar, also if the bounds of slots differ', (t) => {
  const { writers, reader } = slots(t, 1);
  for (const place of [0, 2, 3]) {
    addExemplar(writers[0]!, TRACED_HISTOGRAM, '/', { le: `${place}` }, { place, amount: place, time: 5 });
  }
  const expected = (le: string, labels: string) => [`traced_seconds_bucket{le="${le}",route="/"}`, labels];
  const three = [
    expected('1', '{le="0"} 0 5'),
    expected('4', '{le="2"} 2 5'),
    expected('+Inf', '{le="3"} 3 5'),
  ];
  assert.deepEqual([...reader.exemplars()], three);
  const other = { ...TRACED_HISTOGRAM, bounds: [3, 4] };
  add(writers[0]!, other, '/', 1, 1, 0, 0);
  addExemplar(writers[0]!, other, '/', { le: 'three' }, { place: 0, time: 1 });
  addExemplar(writers[0]!, other, '/', { le: 'four' }, { place: 1, time: 6 });
  addExemplar(writers[0]!, other, '/', { le: 'old' }, { place: 2, time: 4 });
  assert.deepEqual(
    [...reader.exemplars()],
    [three[0], expected('3', '{le="three"} 1 1'), expected('4', '{le="four"} 1 6'), three[2]],
  );
});

test('exemplars stay after the death of their process and in the slot of its successor', (t) => {
  const { directory, writers, reader } = slots(t, 1);
  addExemplar(writers[0]!, TRACED, '/', { trace_id: 'dead' });
  addExemplar(writers[0]!, TRACED_HISTOGRAM, '/', { trace_id: 'dead' }, { place: 3 });
  writers[0]!.close();
  const before = reader.exemplars();
  assert.equal(before.size, 2);
  const successor = openWriter(directory);
  assert.deepEqual(reader.exemplars(), before);
  assert.deepEqual(new TextReader(t, directory).exemplars(), before);
  addExemplar(successor, TRACED, '/', { trace_id: 'new' });
  assert.equal(reader.exemplars().get(COUNTED), `{trace_id="new"} 1 ${START}`);
});

test('a reader shows the exemplar of a successor, also if that of the dead process was removed', (t) => {
  const { directory, writers, reader } = slots(t, 1);
  addExemplar(writers[0]!, TRACED, '/', { trace_id: 'removed' });
  assert.match(reader.exemplars().get(COUNTED)!, /removed/);
  writers[0]!.forget(TRACED.name);
  writers[0]!.close();
  const successor = openWriter(directory);
  add(successor, TRACED, '/', 1);
  addExemplar(successor, TRACED, '/', { trace_id: 'new' });
  assert.match(reader.exemplars().get(COUNTED)!, /new/);
});

test('the sequence number after 2^32 is 1, also for a successor', (t) => {
  const { directory, writers, reader } = slots(t, 1);
  addExemplar(writers[0]!, TRACED, '/', { trace_id: 'first' });
  writers[0]!.close();
  const path = slotPath(directory);
  const file = readFileSync(path);
  const recordAt = HEADER_BYTES + 2 * CHUNK_BYTES;
  const record = new Uint8Array(file.subarray(recordAt, recordAt + EXEMPLAR_BYTES));
  const last = 2 ** 32 * EXEMPLAR_NUMBERS;
  const cell = cellsPerSeries(TRACED) - 1;
  new ExemplarChunk(record.buffer).write(0, last, cell, { trace_id: 'last' }, 1, START);
  file.set(record, recordAt);
  const cellAt = HEADER_BYTES + CHUNK_BYTES + cell * 8;
  file.writeDoubleLE(last, cellAt);
  writeFileSync(path, file);
  assert.match(reader.exemplars().get(COUNTED)!, /last/);
  const successor = openWriter(directory);
  for (const sequence of [1, 2]) {
    addExemplar(successor, TRACED, '/', { trace_id: `${sequence}` });
    const reference = readFileSync(path).readDoubleLE(cellAt);
    assert.equal(Math.floor(reference / EXEMPLAR_NUMBERS), sequence);
    assert.match(reader.exemplars().get(COUNTED)!, new RegExp(`trace_id="${sequence}"`));
  }
});

test('labels of 128 characters of any kind, values and times are read as they were written', (t) => {
  const { writers, reader } = slots(t, 1);
  for (const labels of [
    {},
    { '': '' },
    { a: '' },
    { a: 'x'.repeat(127) },
    { a: '日'.repeat(127) },
    { ab: '🎉'.repeat(63) },
    Object.fromEntries(Array.from({ length: 42 }, (_, i) => [String.fromCharCode(0x100 + i), 'ab'])),
    Object.fromEntries(Array.from({ length: 64 }, (_, i) => [String.fromCharCode(0x30 + i), '-'])),
    { nul: '\0', quote: '"', end: '\u00ff' },
  ] as Record<string, string>[]) {
    addExemplar(writers[0]!, TRACED, '/', { plain: 'ascii' });
    addExemplar(writers[0]!, TRACED, '/', labels, { amount: 0.1, time: 1.25 });
    const expected = { labels: Object.entries(labels), value: 0.1, timestamp: 1.25 };
    assert.deepEqual(reader.storedExemplars(), [expected]);
  }
  const wide = Array.from({ length: 128 }, (_, i) => [String.fromCharCode(0x100 + i), ''] as const);
  assert.throws(
    () => addExemplar(writers[0]!, TRACED, '/', Object.fromEntries(wide)),
    /the label names of an exemplar are too long/,
  );
  assert.throws(
    () => addExemplar(writers[0]!, TRACED, '/', { a: 'x'.repeat(128) }),
    /^RangeError: Label set size must be smaller than 128 UTF-8 chars$/,
  );
});

test('an exemplar whose record is damaged, or that is not of its cell, is left out; counts are shown', (t) => {
  const { directory, writers, reader } = slots(t, 1);
  addExemplar(writers[0]!, TRACED, '/', { trace_id: 'counter' });
  addExemplar(writers[0]!, TRACED_HISTOGRAM, '/', { trace_id: 'bucket' }, { place: 1 });
  writers[0]!.close();
  const path = slotPath(directory);
  const good = readFileSync(path);
  assert.equal(reader.exemplars().size, 2);
  const fd = openSync(path, 'r+');
  t.after(() => closeSync(fd));
  const cellsAt = HEADER_BYTES + CHUNK_BYTES;
  const counterCell = cellsAt + (cellsPerSeries(TRACED) - 1) * 8;
  const bucketCell = cellsAt + (cellsPerSeries(TRACED) + CELL_OF_BUCKETS + 4 + 1) * 8;
  assert.ok(
    good.readDoubleLE(counterCell) > 0 && good.readDoubleLE(bucketCell) > 0,
    'the cells refer to records',
  );
  const record = HEADER_BYTES + 2 * CHUNK_BYTES;
  const changed = (change: (file: Buffer) => void) => {
    const file = Buffer.from(good);
    change(file);
    writeSync(fd, file, 0, file.length, 0);
    const fresh = new TextReader(t, directory);
    const found = fresh.exemplars();
    assert.match(fresh.text(), /^traced_total{route="\/"} 1$/m);
    assert.deepEqual(fresh.errors, []);
    return [...found.values()].map((text) => /trace_id="(.*)"/.exec(text)![1]);
  };
  assert.deepEqual(
    changed(() => {}),
    ['counter', 'bucket'],
  );
  for (let byte = 0; byte < 32 + 18; byte++) {
    assert.deepEqual(
      changed((file) => file.writeUInt8(file[record + byte]! ^ 1, record + byte)),
      ['bucket'],
      `byte ${byte} of the record`,
    );
  }
  for (const value of [
    -1,
    Number.NaN,
    Infinity,
    0.5,
    1,
    2 ** 20 - 1,
    2 ** 20 + EXEMPLARS_PER_CHUNK,
    2 ** 53,
  ]) {
    assert.deepEqual(
      changed((file) => file.writeDoubleLE(value, counterCell)),
      ['bucket'],
      `cell of ${value}`,
    );
  }
  assert.deepEqual(
    changed((file) => file.writeDoubleLE(good.readDoubleLE(bucketCell) + 2 ** 20, bucketCell)),
    ['counter'],
    'a later exemplar in the same record',
  );
  assert.deepEqual(
    changed((file) => file.copy(file, counterCell, bucketCell, bucketCell + 8)),
    ['bucket'],
    'the exemplar of another series',
  );
  writeSync(fd, good, 0, good.length, 0);
  assert.equal(reader.exemplars().size, 2);
});

test('after 1,000 takeovers with new exemplars, counts and removals a file has the same size', (t) => {
  const { directory, writers } = slots(t, 1);
  const SERIES = 40;
  writers[0]!.close();
  let bytes = 0;
  for (let round = 0; round < 1000; round++) {
    const writer = openWriter(directory);
    assert.equal(writer.slot, 0);
    for (let i = 0; i < SERIES; i++) {
      const value = `/${i}`;
      add(writer, TRACED, value, 1);
      add(writer, TRACED_HISTOGRAM, value, 1, 1, 0, 0, 0);
      addExemplar(writer, TRACED, value, { round: `${round}` });
      addExemplar(writer, TRACED_HISTOGRAM, value, { round: `${round}` }, { place: (round + i) % 4 });
      if ((round + i) % 7 === 0) writer.forget('traced_seconds');
    }
    writer.close();
    const { size } = statSync(slotPath(directory));
    if (round > 100) assert.equal(size, bytes, `takeover ${round}`);
    bytes = size;
  }
  const reader = new TextReader(t, directory);
  assert.equal(reader.exemplars().get('traced_total{route="/39"}'), `{round="999"} 1 ${START}`);
  assert.match(reader.text(), /^traced_total{route="\/39"} 1000$/m);
  const records = (bytes - HEADER_BYTES) / CHUNK_BYTES;
  assert.ok(records * EXEMPLARS_PER_CHUNK * EXEMPLAR_BYTES > 0 && records <= 5, `${records} chunks`);
});

test('many exemplars of few series take one chunk, and a metric without exemplars takes none', (t) => {
  const { directory, writers } = slots(t, 1);
  const chunks = () => (statSync(slotPath(directory)).size - HEADER_BYTES) / CHUNK_BYTES;
  add(writers[0]!, COUNTER, '/', 1);
  assert.equal(chunks(), 2);
  for (let i = 0; i < 10_000; i++) addExemplar(writers[0]!, TRACED, '/', { trace_id: `${i}` }, { time: i });
  assert.equal(chunks(), 3);
});

test('if there is no room for exemplars, counts go on, and exemplars are stored once there is room', (t) => {
  const directory = temporaryDirectory(t);
  const libc = loadLibc();
  let failing = false;
  const refused: string[] = [];
  const writer = openWriter(directory, {
    libc: {
      ...libc,
      allocate(...args) {
        if (failing) throw new LibcError('posix_fallocate', 28);
        libc.allocate(...args);
      },
    },
    onRefused: (error) => refused.push(error.message),
  });
  add(writer, TRACED, '/', 1);
  failing = true;
  const reader = new TextReader(t, directory);
  for (let i = 0; i < 3; i++) addExemplar(writer, TRACED, '/', { trace_id: 'refused' });
  add(writer, TRACED, '/', 1);
  assert.deepEqual(refused, ['posix_fallocate failed: ENOSPC']);
  assert.match(reader.text(), /^traced_total{route="\/"} 2$/m);
  assert.equal(reader.exemplars().size, 0);
  failing = false;
  addExemplar(writer, TRACED, '/', { trace_id: 'refused' });
  assert.equal(reader.exemplars().size, 0, 'no system call before the next heartbeat');
  writer.beat(0);
  addExemplar(writer, TRACED, '/', { trace_id: 'stored' });
  assert.match(reader.exemplars().get(COUNTED)!, /stored/);
});
