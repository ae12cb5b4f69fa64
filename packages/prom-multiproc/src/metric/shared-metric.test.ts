/** How metrics move between the heap and the slot of a process. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { test } from 'node:test';
import client from 'prom-client';
import { TextReader } from '../../test/support/directory-text.ts';
import { until } from '../../test/support/poll.ts';
import { sample, samples } from '../../test/support/sample.ts';
import { sharedRegistry } from '../../test/support/shared-registry.ts';
import {
  add,
  addTo,
  COUNTER,
  definition,
  HISTOGRAM,
  openWriter,
  SUMMARY,
} from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { shareIn } from '../../test/support/twin-registries.ts';

test('a metric created after the slot was taken over keeps the inherited counts', async (t) => {
  const { directory, register, registers } = sharedRegistry(t);
  const dead = openWriter(directory);
  for (const [part, ...amounts] of [
    [{ name: 'a_total' }, 5],
    [{ name: 'b', type: 'histogram', bounds: [1] }, 9, 2, 3],
    [{ name: 'c', type: 'summary', bounds: [0.5] }, 7, 2, 0],
  ] as const) {
    addTo(dead, definition({ labelNames: [], ...part }), [], amounts);
  }
  dead.close();
  new client.Counter({ name: 'first_total', help: 'Takes the slot', registers }).inc();
  assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  new client.Counter({ name: 'a_total', help: 'A', registers });
  new client.Histogram({ name: 'b', help: 'B', buckets: [1], registers });
  new client.Summary({ name: 'c', help: 'C', percentiles: [0.5], registers });
  const text = await register.metrics();
  assert.equal(sample(text, 'a_total'), 5);
  assert.deepEqual(samples(text, 'b_'), [
    'b_bucket{le="1"} 2',
    'b_bucket{le="+Inf"} 5',
    'b_sum 9',
    'b_count 5',
  ]);
  assert.equal(sample(text, 'c_sum'), 7);
  assert.equal(sample(text, 'c_count'), 2);
});

test('counts made before share() are visible to every reader from share() on', async (t) => {
  const directory = temporaryDirectory(t);
  const reader = new TextReader(t, directory);
  for (const count of [
    (registers: client.Registry[]) => new client.Counter({ name: 'x', help: 'x', registers }).inc(3),
    (registers: client.Registry[]) => new client.Histogram({ name: 'h', help: 'x', registers }).observe(0),
    (registers: client.Registry[]) => new client.Summary({ name: 's', help: 'x', registers }).observe(0),
  ]) {
    const register = new client.Registry();
    count([register]);
    shareIn(directory, register);
    await register.metrics();
  }
  const text = reader.text();
  assert.equal(sample(text, 'x'), 3);
  assert.equal(sample(text, 'h_count'), 1);
  assert.equal(sample(text, 's_count'), 1);
});

test('gauges set before share() take no slot', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  new client.Gauge({ name: 'g', help: 'x', registers: [register] }).set(1);
  shareIn(directory, register);
  assert.equal(sample(await register.metrics(), 'g'), 1);
  assert.deepEqual(readdirSync(directory), []);
});

test('metrics without counts take no slot', async (t) => {
  const { directory, register, registers } = sharedRegistry(t);
  const config = { help: 'x', registers };
  new client.Counter({ ...config, name: 'a_total' });
  new client.Gauge({ ...config, name: 'b' });
  new client.Histogram({ ...config, name: 'c' });
  new client.Summary({ ...config, name: 'd' });
  const text = await register.metrics();
  for (const name of ['a_total', 'b', 'c_count', 'd_count']) assert.equal(sample(text, name), 0);
  assert.deepEqual(readdirSync(directory), []);
});

test('readers see all values that the collect() of a gauge sets at once, at its end', async (t) => {
  const { register, registers, reader } = sharedRegistry(t);
  let go = () => {};
  let round = 0;
  const gauge = new client.Gauge({
    name: 'g',
    help: 'G',
    labelNames: ['x'],
    registers,
    async collect() {
      round++;
      this.reset();
      this.set({ x: 'kept' }, round);
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      this.set({ x: `new ${round}` }, round);
    },
  });
  gauge.set({ x: 'kept' }, 0);
  gauge.set({ x: 'stale' }, 0);
  const before = ['g{x="kept"} 0', 'g{x="stale"} 0'];
  assert.deepEqual(samples(reader.text(), 'g'), before);
  const scrapes = [register.metrics(), register.metrics(), register.metrics()];
  await until('collect() to begin', () => round > 0);
  assert.deepEqual(samples(reader.text(), 'g'), before, 'nothing yet');
  go();
  const texts = await Promise.all(scrapes);
  assert.equal(round, 1, 'scrapes at the same time share one collect()');
  for (const text of [reader.text(), ...texts]) {
    assert.deepEqual(samples(text, 'g'), ['g{x="kept"} 1', 'g{x="new 1"} 1']);
  }
});

test('after a failed collect() the earlier values are shown, and the next one may succeed', async (t) => {
  const { register, registers } = sharedRegistry(t);
  let failing = true;
  new client.Gauge({
    name: 'g',
    help: 'G',
    registers,
    collect() {
      if (failing) throw new Error('no reading');
      this.set(2);
    },
  }).set(1);
  assert.equal(sample(await register.metrics(), 'g'), 1);
  failing = false;
  assert.equal(sample(await register.metrics(), 'g'), 2);
});

test('NaN never gets into a counter, by any method', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  const registers = [register];
  const counter = new client.Counter({ name: 'x', help: 'x', labelNames: ['x'], registers });
  const early = counter.labels('early child');
  counter.inc({ x: 'before share' }, Number.NaN);
  shareIn(directory, register);
  counter.inc({ x: 'before share' }, 2);
  counter.inc({ x: 'inc' }, Number.NaN);
  counter.inc({ x: 'inc' }, 2);
  counter.labels('child').inc(Number.NaN);
  counter.labels('child').inc(2);
  early.inc(Number.NaN);
  early.inc(2);
  const shown = samples(await register.metrics(), 'x{');
  assert.deepEqual(
    shown.toSorted(),
    ['before share', 'child', 'early child', 'inc'].map((x) => `x{x="${x}"} 2`),
  );
});

test('one metric in two shared registries is counted once and shown in both', async (t) => {
  const directory = temporaryDirectory(t);
  const registers = [new client.Registry(), new client.Registry()];
  for (const register of registers) shareIn(directory, register);
  const counter = new client.Counter({ name: 'x_total', help: 'x', registers });
  const gauge = new client.Gauge({ name: 'g', help: 'x', registers });
  const histogram = new client.Histogram({ name: 'h', help: 'x', registers });
  counter.inc(2);
  gauge.set(3);
  histogram.observe(1);
  for (const register of registers) {
    const text = await register.metrics();
    assert.equal(sample(text, 'x_total'), 2);
    assert.equal(sample(text, 'g'), 3);
    assert.equal(sample(text, 'h_count'), 1);
  }
});

test('one directory under several paths is one slot', async (t) => {
  const directory = temporaryDirectory(t);
  for (const name of [directory, `${directory}/`, relative(process.cwd(), directory)]) {
    const register = new client.Registry();
    shareIn(name, register);
    new client.Counter({ name: 'x_total', help: 'x', registers: [register] }).inc();
    assert.equal(await register.metrics().then((text) => text.includes('x_total')), true);
  }
  assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
});

test('ill-formed label values do not make a new series at each restart', async (t) => {
  const directory = temporaryDirectory(t);
  const half = '\ud83d';
  const first = openWriter(directory);
  add(first, COUNTER, half.toWellFormed(), 1);
  first.close();
  const register = new client.Registry();
  shareIn(directory, register);
  const counter = new client.Counter({
    name: COUNTER.name,
    help: 'x',
    labelNames: ['route'],
    registers: [register],
  });
  counter.inc({ route: half });
  counter.inc({ route: '\ud83e' });
  assert.equal(sample(await register.metrics(), 'requests_total{route="\ufffd"}'), 3);
  assert.equal(new TextReader(t, directory).slots()[0]!.series, 1);
});

test('changing a labels object after the call has no effect', async (t) => {
  const { register, registers } = sharedRegistry(t);
  const labels = { x: '1' };
  const counter = new client.Counter({ name: 'x', help: 'x', labelNames: ['x'], registers });
  counter.inc(labels);
  labels.x = '2';
  counter.inc(labels);
  labels.x = '1';
  counter.inc(labels);
  labels.x = '3';
  counter.remove('2');
  assert.deepEqual(samples(await register.metrics(), 'x{'), ['x{x="1"} 2']);
});

test('counts on the heap are added to the inherited counts when they move into the slot', async (t) => {
  const directory = temporaryDirectory(t);
  const dead = openWriter(directory);
  add(dead, COUNTER, '/', 5);
  add(dead, HISTOGRAM, '/', 4, 1, 1, 1, 1);
  add(dead, SUMMARY, '/', 8, 2);
  dead.close();
  const register = new client.Registry();
  const config = { help: 'x', labelNames: ['route'], registers: [register] };
  const counter = new client.Counter({ ...config, name: COUNTER.name });
  const histogram = new client.Histogram({ ...config, name: HISTOGRAM.name, buckets: [1, 2, 4] });
  counter.inc({ route: '/' }, 2);
  histogram.observe({ route: '/' }, 3);
  shareIn(directory, register);
  counter.inc({ route: '/' });
  const text = await register.metrics();
  assert.equal(sample(text, 'requests_total{route="/"}'), 8);
  assert.equal(sample(text, 'seconds_count{route="/"}'), 5);
  assert.equal(sample(text, 'seconds_bucket{le="2",route="/"}'), 2);
  assert.equal(sample(text, 'seconds_sum{route="/"}'), 7);
  assert.equal(sample(text, 'sizes_count{route="/"}'), 2);
});

test('metrics already in the slot are not visited again for each new metric', async (t) => {
  const { register, registers } = sharedRegistry(t);
  const first = new client.Counter({ name: 'first_total', help: 'x', registers });
  first.inc();
  await register.metrics();
  let reads = 0;
  Object.defineProperty(first, 'type', {
    get() {
      reads++;
      return 'counter';
    },
  });
  for (let i = 0; i < 20; i++) {
    const made = new client.Counter({ name: `made_${i}_total`, help: 'x', registers });
    await Promise.resolve();
    made.inc();
  }
  assert.equal(reads, 0);
  assert.equal(samples(await register.metrics(), 'made_').length, 20);
});
