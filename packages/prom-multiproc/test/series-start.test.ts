/** Each series of a counter, histogram or summary has the time at which it began: FORMAT.md#cells. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { TextReader } from './support/directory-text.ts';
import { values } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { addTo, COUNTER, GAUGE, HISTOGRAM, openWriter, SUMMARY } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const COUNTED = [COUNTER, HISTOGRAM, SUMMARY] as const;
const NAMES = COUNTED.map(({ name }) => name);

/** Sets the system time to 1,000 s, and returns a function that sets it to another. */
function clock(t: TestContext): (seconds: number) => void {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  return (seconds) => t.mock.timers.setTime(seconds * 1000);
}

/** The start times of the series with this label. */
function starts(reader: TextReader, route = '/'): (number | undefined)[] {
  reader.slots();
  const found = values(reader.startTimes());
  return NAMES.map((name) => found.get(`${name}_created{route="${route}"}`));
}

/** A counter, a histogram and a summary in a shared registry. */
function application(t: TestContext) {
  const at = clock(t);
  const { register, registers, reader, directory } = sharedRegistry(t);
  const config = { help: 'x', labelNames: ['route'], registers };
  const counter = new client.Counter({ ...config, name: COUNTER.name });
  const histogram = new client.Histogram({ ...config, name: HISTOGRAM.name, buckets: [1, 2, 4] });
  const summary = new client.Summary({ ...config, name: SUMMARY.name });
  const count = (route = '/') => {
    counter.inc({ route });
    histogram.observe({ route }, 1);
    summary.observe({ route }, 1);
  };
  return { at, register, registers, reader, directory, metrics: [counter, histogram, summary], count };
}

test('a series starts at its first count, to the millisecond, and further counts leave that time', (t) => {
  const { at, reader, count } = application(t);
  at(1001.25);
  count();
  at(1002);
  count();
  count('/late');
  assert.deepEqual(starts(reader), [1001.25, 1001.25, 1001.25]);
  assert.deepEqual(starts(reader, '/late'), [1002, 1002, 1002]);
});

test('a metric without labels starts when it is created, as it shows 0 from then on', (t) => {
  const { at, registers, reader } = application(t);
  at(1005);
  const counter = new client.Counter({ name: 'plain_total', help: 'x', registers });
  at(1006);
  counter.inc();
  assert.equal(values(reader.text() && reader.startTimes()).get('plain_total_created'), 1005);
});

test('reset(), and remove() before a further count, give a series a new start time', (t) => {
  const { at, reader, metrics, count } = application(t);
  count();
  count('/removed');
  at(1010);
  for (const metric of metrics) metric.remove('/removed');
  for (const metric of metrics) metric.reset();
  at(1020);
  count('/removed');
  at(1030);
  count();
  assert.deepEqual(starts(reader, '/removed'), [1020, 1020, 1020]);
  // A summary keeps its series on reset(), at zero.
  assert.deepEqual(starts(reader), [1030, 1030, 1010]);
});

test('zero() gives a histogram series a new start time', (t) => {
  const { at, reader, metrics, count } = application(t);
  count();
  at(1040);
  (metrics[1] as client.Histogram).zero({ route: '/' });
  assert.deepEqual(starts(reader), [1000, 1040, 1000]);
});

test('a series that its collect() resets and counts again has not restarted, unless a count is lower', async (t) => {
  const at = clock(t);
  const { register, registers, reader } = sharedRegistry(t);
  const config = { help: 'x', labelNames: ['route'], registers };
  let amount = 0;
  new client.Counter({
    ...config,
    name: COUNTER.name,
    async collect() {
      await null;
      this.reset();
      this.inc({ route: '/' }, amount);
    },
  });
  new client.Histogram({
    ...config,
    name: HISTOGRAM.name,
    buckets: [1, 2],
    collect() {
      this.reset();
      for (let i = 0; i < amount; i++) this.observe({ route: '/' }, -1);
    },
  });
  new client.Summary({
    ...config,
    name: SUMMARY.name,
    collect() {
      this.reset();
      for (let i = 0; i < amount; i++) this.observe({ route: '/' }, -1);
    },
  });
  for (const [time, next, start] of [
    [1001, 2, 1001],
    [1002, 3, 1001],
    [1003, 3, 1001],
    [1004, 1, 1004],
  ] as const) {
    at(time);
    amount = next;
    await register.metrics();
    assert.deepEqual(starts(reader), [start, start, start], `at ${time}`);
  }
});

test('a process that takes over a slot keeps the start times in it', (t) => {
  const at = clock(t);
  const { directory, reader, registers } = sharedRegistry(t);
  const dead = openWriter(directory);
  for (const metric of COUNTED) addTo(dead, metric, [[0, '/']], [1, 1], 900);
  dead.close();
  at(1050);
  const counter = new client.Counter({ name: COUNTER.name, help: 'x', labelNames: ['route'], registers });
  counter.inc({ route: '/' });
  counter.inc({ route: '/new' });
  assert.deepEqual(starts(reader), [900, 900, 900]);
  assert.equal(starts(reader, '/new')[0], 1050);
});

test('the oldest start time of all slots is shown, for histograms with different buckets too', (t) => {
  const directory = temporaryDirectory(t);
  const reader = new TextReader(t, directory);
  for (const [i, [start, oldest]] of [
    [500, 500],
    [300, 300],
    [400, 300],
  ].entries()) {
    const writer = openWriter(directory);
    for (const metric of COUNTED) {
      const bounds = metric === HISTOGRAM ? [1, 2 + i] : [];
      addTo(writer, { ...metric, bounds }, [[0, '/']], [1, 1], start);
    }
    assert.deepEqual(starts(reader), [oldest, oldest, oldest]);
  }
});

test('a start time of 0 is unknown and not shown, and gauges have none', (t) => {
  const directory = temporaryDirectory(t);
  const writer = openWriter(directory);
  for (const metric of [...COUNTED, { ...GAUGE, aggregator: 'mostrecent' }]) {
    addTo(writer, metric, [[0, '/']], [1, 1], 0);
  }
  const reader = new TextReader(t, directory);
  reader.slots();
  assert.equal(reader.startTimes(), '');
  assert.deepEqual(reader.errors, []);
});

test('counts that continue in another slot after the loss of a file have a new start time', async (t) => {
  const { at, register, reader, directory, count } = application(t);
  count();
  assert.deepEqual(starts(reader), [1000, 1000, 1000]);
  rmSync(`${directory}/slot-0.metrics`);
  at(1060);
  // Finds the loss and takes another slot.
  await register.metrics();
  count();
  assert.deepEqual(starts(new TextReader(t, directory)), [1060, 1060, 1060]);
  assert.deepEqual(starts(reader), [1000, 1000, 1000], 'a reader that knows the lost file keeps its counts');
});
