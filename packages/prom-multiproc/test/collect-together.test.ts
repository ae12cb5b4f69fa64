/**
 * The values that a `collect()` writes are shown together at its end, except counts made while an asynchronous `collect()` is
 * pending. No reader sees a `reset()` at its beginning.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { processSlot } from '../src/process/process-slot.ts';
import { REFRESH_INTERVAL_MS } from '../src/util/refresh-interval.ts';
import { TextReader } from './support/directory-text.ts';
import { sample } from './support/sample.ts';
import { add, COUNTER, HISTOGRAM, openWriter } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

const HOME = '{route="/"}';
const config = { help: 'x', labelNames: ['route'] };

test('a counter, histogram or summary that its collect() resets never shows an intermediate value', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  const registers = [register];
  shareIn(directory, register);
  const reader = new TextReader(t, directory);
  const names = [`a_total${HOME}`, `b_count${HOME}`, `c_sum${HOME}`];
  const shown = () => names.map((name) => sample(reader.text(), name));
  const between: unknown[] = [];
  let amount = 0;
  new client.Counter({
    ...config,
    name: 'a_total',
    registers,
    collect() {
      this.reset();
      between.push(shown()[0]);
      this.inc({ route: '/' }, amount);
      between.push(shown()[0]);
    },
  });
  new client.Histogram({
    ...config,
    name: 'b',
    registers,
    collect() {
      this.reset();
      for (let i = 0; i < amount; i++) this.observe({ route: '/' }, 1);
      between.push(shown()[1]);
    },
  });
  new client.Summary({
    ...config,
    name: 'c',
    registers,
    collect() {
      this.remove({ route: '/' });
      between.push(shown()[2]);
      this.observe({ route: '/' }, amount);
    },
  });
  const slot = processSlot(directory);
  for (amount = 1; amount < 4; amount++) {
    await slot.refresh();
    assert.deepEqual(shown(), [amount, amount, amount]);
  }
  // Before the first collection the metrics have no values.
  assert.deepEqual(between.slice(-8), [1, 1, 1, 1, 2, 2, 2, 2]);
});

test('reset() and remove() in a collect() also remove the values inherited from dead processes', async (t) => {
  const directory = temporaryDirectory(t);
  const dead = openWriter(directory);
  for (const route of ['/', '/old']) {
    add(dead, COUNTER, route, 100);
    add(dead, HISTOGRAM, route, 100, 40, 30, 20, 10);
  }
  dead.close();
  const register = new client.Registry();
  const registers = [register];
  shareIn(directory, register);
  let isCollected = false;
  const counter = new client.Counter({
    ...config,
    name: COUNTER.name,
    registers,
    collect() {
      if (!isCollected) return;
      this.reset();
      this.inc({ route: '/' }, 7);
    },
  });
  const histogram = new client.Histogram({
    ...config,
    name: HISTOGRAM.name,
    buckets: [1, 2, 4],
    registers,
    collect() {
      if (isCollected) this.remove('/');
    },
  });
  counter.inc({ route: '/' });
  histogram.observe({ route: '/' }, 1);
  const reader = new TextReader(t, directory);
  const names = [COUNTER.name, `${HISTOGRAM.name}_count`];
  const shown = () => {
    const text = reader.text();
    return names.flatMap((name) => ['/', '/old'].map((route) => sample(text, `${name}{route="${route}"}`)));
  };
  const slot = processSlot(directory);
  await slot.refresh();
  assert.deepEqual(shown(), [101, 100, 101, 100], 'unchanged by this collect()');
  isCollected = true;
  for (let i = 0; i < 2; i++) {
    await slot.refresh();
    assert.deepEqual(shown(), [7, undefined, undefined, 100]);
  }
});

test('counts made while a collect() is pending are in the slot at once', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  let finish: (() => void) | undefined;
  const counter = new client.Counter({
    name: 'a_total',
    help: 'x',
    registers: [register],
    collect: () => new Promise<void>((resolve) => (finish = resolve)),
  });
  counter.inc();
  const refreshed = processSlot(directory).refresh();
  counter.inc(2);
  assert.equal(sample(new TextReader(t, directory).text(), 'a_total'), 3);
  finish!();
  await refreshed;
  assert.equal(sample(new TextReader(t, directory).text(), 'a_total'), 3);
});

test('a metric that its collect() removes from the registry is removed from the slot', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  let isRemoving = false;
  const counter = new client.Counter({
    name: 'a_total',
    help: 'x',
    registers: [register],
    collect() {
      if (isRemoving) register.removeSingleMetric('a_total');
    },
  });
  counter.inc();
  const slot = processSlot(directory);
  await slot.refresh();
  isRemoving = true;
  await slot.refresh();
  counter.inc();
  await slot.refresh();
  assert.equal(sample(new TextReader(t, directory).text(), 'a_total'), undefined);
});

test('other gauges and the heartbeat are refreshed while a collect() hangs', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  const registers = [register];
  t.mock.timers.enable({ apis: ['setInterval'] });
  shareIn(directory, register);
  new client.Gauge({ name: 'hangs', help: 'x', registers, collect: () => new Promise<void>(() => {}) });
  const gauge = new client.Gauge({
    name: 'refreshed',
    help: 'x',
    registers,
    collect() {
      this.inc();
    },
  });
  new client.Summary({ name: 's', help: 'x', registers }).observe(5);
  gauge.set(0);
  const reader = new TextReader(t, directory);
  const beats: number[] = [];
  for (let refreshed = 1; refreshed <= 3; refreshed++) {
    t.mock.timers.tick(REFRESH_INTERVAL_MS);
    // Every collect() that ends does so within a few turns of the event loop.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    assert.ok(sample(reader.text(), 'refreshed')! >= refreshed);
    beats.push(reader.slots()[0]!.heartbeat);
    const before = Date.now();
    while (Date.now() === before);
  }
  assert.deepEqual(beats.toSorted(), beats);
  assert.equal(new Set(beats).size, 3);
});
