/** Like crash-points.test.ts, for exemplars. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AT_CHUNKS, EXEMPLARS_PER_CHUNK, valueCells } from '../src/format/layout.ts';
import type { SlotWriter } from '../src/slot/slot-writer.ts';
import { CRASHED_FILE, CrashPoints } from './support/crash-points.ts';
import { TextReader } from './support/directory-text.ts';
import { add, addExemplar, openWriter, TRACED } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

/** Leaves as many records free as a writer keeps, see FORMAT.md#exemplars. */
const ALMOST_ONE_CHUNK = EXEMPLARS_PER_CHUNK - 16 - 4;

test('an exemplar is the old or the new one, whole, at each point at which its process may crash', (t) => {
  const live = temporaryDirectory(t);
  const first = openWriter(live);
  for (const value of ['/', '/b']) add(first, TRACED, value, 1);
  addExemplar(first, TRACED, '/', { id: 'old' });
  addExemplar(first, TRACED, '/b', { id: 'other' });
  const trace = (writer: SlotWriter, from: number, to: number) => {
    for (let i = from; i < to; i++) {
      add(writer, TRACED, `${i}`, 1);
      addExemplar(writer, TRACED, `${i}`, { id: `${i}` });
    }
  };
  trace(first, 0, ALMOST_ONE_CHUNK);
  // As after a crash in the removal of a series, and with a reference that is none: the successor clears both.
  for (const [value, offset, left] of [
    ['/removed', 0, Number.NaN],
    ['/invalid', valueCells(TRACED), 0.5],
  ] as const) {
    add(first, TRACED, value, 1);
    addExemplar(first, TRACED, value, { id: value });
    const { array, base } = first.series(TRACED, [[0, value]])!;
    array[base + offset] = left;
  }
  first.close();
  const points = new CrashPoints(t, live);
  points.during(() => {
    const writer = openWriter(live);
    addExemplar(writer, TRACED, '/', { id: 'new' });
    add(writer, TRACED, '/first', 1);
    addExemplar(writer, TRACED, '/first', { id: '1' });
    // Needs a further chunk.
    trace(writer, ALMOST_ONE_CHUNK, ALMOST_ONE_CHUNK + 4);
    addExemplar(writer, TRACED, '/', { id: 'last' });
    writer.close();
  });
  const exemplarsOf = (directory: string, where: string) => {
    const reader = new TextReader(t, directory);
    const found = reader.exemplars();
    assert.deepEqual(reader.errors, [], where);
    for (const [name, exemplar] of found) {
      const value = /route="(\d+)"/.exec(name)?.[1];
      if (value !== undefined) assert.ok(exemplar.startsWith(`{id="${value}"}`), `${where}: ${name}`);
    }
    assert.match(found.get('traced_total{route="/b"}')!, /other/, where);
    return (route: string) => /"(.*)"/.exec(found.get(`traced_total{route="${route}"}`) ?? '')?.[1];
  };
  const shown = points.copies.map(({ directory, after }) => exemplarsOf(directory, after)('/'));
  assert.deepEqual(
    shown.filter((exemplar, i) => exemplar !== shown[i - 1]),
    ['old', 'new', 'last'],
  );
  for (const [i, { directory, after }] of points.copies.entries()) {
    const successor = openWriter(directory);
    add(successor, TRACED, '/late', 1);
    addExemplar(successor, TRACED, '/late', { id: 'late' });
    successor.close();
    const of = exemplarsOf(directory, `${after}, taken over`);
    assert.deepEqual([of('/'), of('/late')], [shown[i], 'late'], after);
  }
  const chunks = readFileSync(join(live, CRASHED_FILE)).readUInt32LE(AT_CHUNKS);
  assert.equal(chunks, 4, 'log, cells, exemplars and the further chunk of exemplars');
  t.diagnostic(`${points.copies.length} points`);
});
