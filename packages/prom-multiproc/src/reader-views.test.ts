/** A `Reader` shows the totals and single slots, and writes nothing. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sample, samples } from '../test/support/sample.ts';
import { add, COUNTER, definition, GAUGE, openWriter } from '../test/support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from '../test/support/temporary-directory.ts';
import { Reader } from './index.ts';

const SUMMARY = definition({ name: 'sizes', type: 'summary', bounds: [0.5] });

/** Slot 0 is held by a living process, slot 1 is free. */
function twoSlots(t: Cleanup) {
  const directory = temporaryDirectory(t);
  const writers = [openWriter(directory), openWriter(directory)] as const;
  for (const [i, writer] of writers.entries()) {
    add(writer, COUNTER, '/', i + 1);
    add(writer, GAUGE, '/', 5);
    add(writer, SUMMARY, '/', 30, 3, 10);
  }
  writers[1].close();
  const reader = new Reader(directory);
  t.after(() => reader.close());
  return { directory, writers, reader };
}

test('a Reader shows the totals, the counts of one living process, and the state of each slot', (t) => {
  const { directory, writers, reader } = twoSlots(t);
  const all = reader.metrics();
  assert.equal(sample(all, 'requests_total{route="/"}'), 3);
  assert.equal(sample(all, 'in_flight{route="/"}'), 5);
  assert.deepEqual(samples(all, 'sizes'), ['sizes_sum{route="/"} 60', 'sizes_count{route="/"} 6']);
  assert.equal(sample(all, 'prom_multiproc_slots'), 2);
  const one = reader.workerMetrics(0)!;
  assert.equal(sample(one, 'requests_total{route="/"}'), 1);
  assert.equal(sample(one, 'sizes{quantile="0.5",route="/"}'), 10);
  assert.equal(sample(one, 'prom_multiproc_slots'), 1);
  assert.equal(reader.workerMetrics(1), undefined, 'the slot is free');
  assert.equal(reader.workerMetrics(2), undefined, 'the slot does not exist');
  assert.deepEqual(
    reader.slots().map(({ slot, live, error, series }) => ({ slot, live, error, series })),
    [
      { slot: 0, live: true, error: undefined, series: 3 },
      { slot: 1, live: false, error: undefined, series: 3 },
    ],
  );
  add(writers[0], COUNTER, '/', 10);
  assert.equal(sample(reader.metrics(), 'requests_total{route="/"}'), 13);
  assert.equal(sample(reader.workerMetrics(0)!, 'requests_total{route="/"}'), 11);
  // The next process takes the slot and continues its counts.
  const successor = openWriter(directory);
  t.after(() => successor.close());
  assert.equal(sample(reader.workerMetrics(1)!, 'requests_total{route="/"}'), 2);
});

test('a Reader changes nothing in the directory', (t) => {
  const { directory, reader } = twoSlots(t);
  const state = () =>
    readdirSync(directory).map((name) => {
      const { size, mtimeMs } = statSync(join(directory, name));
      return [name, size, mtimeMs];
    });
  const before = state();
  reader.metrics();
  reader.workerMetrics(0);
  reader.slots();
  reader.close();
  assert.deepEqual(state(), before);
});

test('a missing directory is an error that says what to do', (t) => {
  const { directory, reader } = twoSlots(t);
  rmSync(directory, { recursive: true });
  for (const read of [() => reader.metrics(), () => reader.workerMetrics(0), () => reader.slots()]) {
    assert.throws(read, /does not exist: check that the application uses the same path/);
  }
});
