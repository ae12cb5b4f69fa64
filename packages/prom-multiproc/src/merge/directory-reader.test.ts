import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TextReader } from '../../test/support/directory-text.ts';
import { sample, samples } from '../../test/support/sample.ts';
import {
  add,
  COUNTER,
  definition,
  GAUGE,
  HISTOGRAM,
  openWriter,
  SUMMARY,
} from '../../test/support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { CELL_OF_BUCKETS, cellsPerSeries, type MetricDefinition } from '../format/layout.ts';
import { loadLibc } from '../os/libc.ts';

function slots(t: Cleanup, count: number) {
  const directory = temporaryDirectory(t);
  const writers = Array.from({ length: count }, () => openWriter(directory));
  return { directory, writers, reader: new TextReader(t, directory) };
}

const live = (reader: TextReader) => reader.slots().filter(({ live }) => live).length;

test('an empty directory shows no metrics', (t) => {
  const { reader, writers } = slots(t, 0);
  assert.equal(reader.text(), '\n');
  assert.deepEqual(writers, []);
  assert.deepEqual(reader.errors, []);
});

test('series of all slots are summed as they are written', (t) => {
  const { writers, reader } = slots(t, 3);
  for (const [i, writer] of writers.entries()) {
    add(writer, COUNTER, '/', 2 ** i);
    assert.equal(sample(reader.text(), 'requests_total{route="/"}'), 2 ** (i + 1) - 1);
  }
  add(writers[1]!, COUNTER, '/late', 1);
  add(writers[1]!, SUMMARY, '/', 8, 2);
  add(writers[2]!, SUMMARY, '/', 1, 1);
  const text = reader.text();
  assert.equal(sample(text, 'requests_total{route="/late"}'), 1);
  assert.deepEqual(samples(text, 'sizes'), ['sizes_sum{route="/"} 9', 'sizes_count{route="/"} 3']);
});

test('each aggregator merges the gauges of live slots to one value', (t) => {
  const expected: Record<string, number> = {
    sum: 3 - 4 + 8,
    first: 3,
    min: -4,
    max: 8,
    average: 7 / 3,
    mostrecent: -4,
    'not an aggregator': 7,
  };
  for (const [aggregator, value] of Object.entries(expected)) {
    const { writers, reader } = slots(t, 3);
    const gauge = { ...GAUGE, aggregator };
    const times = aggregator === 'mostrecent' ? [[10], [30], [20]] : [[], [], []];
    add(writers[0]!, gauge, '/', 3, ...times[0]!);
    add(writers[1]!, gauge, '/', -4, ...times[1]!);
    add(writers[2]!, gauge, '/', 8, ...times[2]!);
    assert.equal(sample(reader.text(), 'in_flight{route="/"}'), value, aggregator);
  }
});

test('the aggregator omit shows nothing, and all shows one series for each worker', (t) => {
  const { writers, reader } = slots(t, 2);
  for (const [i, writer] of writers.entries()) {
    add(writer, { ...GAUGE, name: 'hidden', aggregator: 'omit' }, '/', 1);
    add(writer, { ...GAUGE, name: 'each', aggregator: 'all' }, '/', 10 + i);
  }
  const text = reader.text();
  assert.deepEqual(samples(text, 'hidden'), []);
  assert.deepEqual(samples(text, 'each'), ['each{route="/",worker="0"} 10', 'each{route="/",worker="1"} 11']);
});

test('counts of dead slots are shown and gauges are not', (t) => {
  const { writers, reader } = slots(t, 2);
  for (const writer of writers) {
    add(writer, GAUGE, '/', 5);
    add(writer, COUNTER, '/', 5);
  }
  assert.equal(sample(reader.text(), 'in_flight{route="/"}'), 10);
  assert.equal(live(reader), 2);
  writers[0]!.close();
  assert.equal(sample(reader.text(), 'in_flight{route="/"}'), 5);
  writers[1]!.close();
  const text = reader.text();
  assert.equal(sample(text, 'in_flight{route="/"}'), undefined);
  assert.equal(sample(text, 'requests_total{route="/"}'), 10);
  assert.equal(live(reader), 0);
});

test('gauges of a slot that is taken over while it is read are not shown', (t) => {
  const { directory, writers } = slots(t, 1);
  add(writers[0]!, GAUGE, '/', 5);
  const libc = loadLibc();
  let taken = false;
  const reader = new TextReader(t, directory, {
    ...libc,
    isLockedByAnother(fd) {
      if (!taken) {
        taken = true;
        writers[0]!.close();
        openWriter(directory, { now: 86_401 });
      }
      return libc.isLockedByAnother(fd);
    },
  });
  assert.equal(sample(reader.text(), 'in_flight{route="/"}'), undefined);
  assert.equal(live(reader), 1);
});

test('histograms with different buckets are merged to the union of their bounds', (t) => {
  const { writers, reader } = slots(t, 3);
  const bounds = [[1, 2, 4], [1, 3], []];
  for (const [i, own] of bounds.entries()) {
    const ones = new Array(own.length + 1).fill(i + 1);
    add(writers[i]!, { ...HISTOGRAM, bounds: own }, '/', 10, ...ones);
  }
  assert.deepEqual(samples(reader.text(), 'seconds'), [
    'seconds_bucket{le="1",route="/"} 3',
    'seconds_bucket{le="2",route="/"} 4',
    'seconds_bucket{le="3",route="/"} 6',
    'seconds_bucket{le="4",route="/"} 7',
    'seconds_bucket{le="+Inf",route="/"} 13',
    'seconds_sum{route="/"} 30',
    'seconds_count{route="/"} 13',
  ]);
});

test('a slot keeps the counts in its old buckets when its successor uses other buckets', (t) => {
  const { directory, writers, reader } = slots(t, 1);
  add(writers[0]!, HISTOGRAM, '/', 10, 1, 1, 1, 1);
  reader.slots();
  writers[0]!.close();
  const successor = openWriter(directory);
  assert.equal(successor.slot, 0);
  add(successor, { ...HISTOGRAM, bounds: [3] }, '/', 1, 1, 0);
  const text = reader.text();
  assert.equal(sample(text, 'seconds_count{route="/"}'), 5);
  assert.equal(sample(text, 'seconds_bucket{le="4",route="/"}'), 4);
});

test('values are summed in slot order, so that rounding never lowers a total', (t) => {
  const { directory, writers, reader } = slots(t, 4);
  const amounts = [0.1, 1e16, -1e16, 0.3];
  const expected = amounts.reduce((sum, amount) => sum + amount, 0);
  const reversed = amounts.toReversed().reduce((sum, amount) => sum + amount, 0);
  assert.notEqual(expected, reversed, 'the order matters for these');
  // The reader finds the series in another order.
  for (const slot of [3, 1, 0, 2]) {
    add(writers[slot]!, SUMMARY, '/', amounts[slot]!, 1);
    reader.slots();
  }
  assert.equal(sample(reader.text(), 'sizes_sum{route="/"}'), expected);
  // The reader finds the slots in another order.
  const late = new TextReader(t, directory);
  const first = join(directory, 'slot-0.metrics');
  renameSync(first, `${first}.hidden`);
  late.slots();
  renameSync(`${first}.hidden`, first);
  assert.equal(sample(late.text(), 'sizes_sum{route="/"}'), expected);
});

test('a series removed in one slot keeps its values in the others', (t) => {
  const { writers, reader } = slots(t, 2);
  for (const writer of writers) add(writer, HISTOGRAM, '/', 4, 1, 1, 1, 1);
  const { array, base } = writers[0]!.series(HISTOGRAM, [[0, '/']])!;
  array[base] = Number.NaN;
  const shown = () => sample(reader.text(), 'seconds_count{route="/"}');
  assert.equal(shown(), 4, 'a first cell of NaN makes all cells of the series absent');
  array.fill(0, base + 1, base + cellsPerSeries(HISTOGRAM));
  assert.equal(shown(), 4);
  const other = writers[1]!.series(HISTOGRAM, [[0, '/']])!;
  other.array[other.base] = Number.NaN;
  assert.equal(shown(), undefined);
  array[base + CELL_OF_BUCKETS] = 1;
  array[base] = 0;
  assert.equal(shown(), 1);
});

test('slots whose logs have a common prefix are summed correctly before and after they diverge', (t) => {
  const { directory, writers } = slots(t, 4);
  const count = (writer: number, ...names: string[]) => {
    for (const name of names) {
      add(writers[writer]!, COUNTER, name, 1);
      add(writers[writer]!, HISTOGRAM, name, 2, 1, 0, 1, 0);
    }
  };
  count(0, 'a', 'b');
  count(1, 'a', 'b', 'c');
  count(2, 'a', 'b', 'c');
  count(3, 'b', 'a');
  const reader = new TextReader(t, directory);
  const expectAll = (expected: Record<string, number>) => {
    const text = reader.text();
    for (const [name, total] of Object.entries(expected)) {
      assert.equal(sample(text, `requests_total{route="${name}"}`), total, name);
      assert.equal(sample(text, `seconds_count{route="${name}"}`), 2 * total, name);
      assert.equal(sample(text, `seconds_sum{route="${name}"}`), 2 * total, name);
    }
  };
  expectAll({ a: 4, b: 4, c: 2 });
  for (const slot of [1, 2]) add(writers[slot]!, COUNTER, `in ${slot}`, slot);
  const text = reader.text();
  for (const slot of [1, 2]) assert.equal(sample(text, `requests_total{route="in ${slot}"}`), slot);
  for (let round = 1; round <= 3; round++) {
    for (let writer = 0; writer < 4; writer++) count(writer, `${writer} alone ${round}`, `all ${round}`);
    const own = Array.from({ length: 4 }, (_, writer) => [`${writer} alone ${round}`, 1]);
    expectAll({ a: 4, b: 4, c: 2, [`all ${round}`]: 4, ...Object.fromEntries(own) });
  }
  add(writers[1]!, HISTOGRAM, 'a', 0, -2);
  expectAll({ b: 4 });
  assert.match(reader.errors.join(), /slot-1.metrics: cell \d+ has the invalid value -1/);
});

test('if two programs use a name for different types, the first type is shown', (t) => {
  const { writers, reader } = slots(t, 2);
  add(writers[0]!, definition({ name: 'same' }), '/', 1);
  add(writers[1]!, definition({ name: 'same', type: 'gauge' }), '/', 50);
  add(writers[1]!, COUNTER, '/', 2);
  const text = reader.text();
  assert.equal(sample(text, 'same{route="/"}'), 1);
  assert.equal(sample(text, 'requests_total{route="/"}'), 2);
});

test('the order of labels and additional label names do not change the identity of a series', (t) => {
  const { writers, reader } = slots(t, 2);
  const both: MetricDefinition = definition({ labelNames: ['a', 'b'] });
  const more: MetricDefinition = definition({ labelNames: ['c', 'b', 'a'] });
  const first = writers[0]!.series(both, [
    [0, 'x'],
    [1, 'y'],
  ])!;
  const second = writers[1]!.series(more, [
    [1, 'y'],
    [2, 'x'],
  ])!;
  first.array[first.base] = 1;
  second.array[second.base] = 2;
  assert.deepEqual(samples(reader.text(), 'requests_total'), ['requests_total{a="x",b="y"} 3']);
});
