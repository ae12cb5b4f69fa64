/** A gauge without labels that no process has set shows 0, as in prom-client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { gaugeApplication, shownGauges } from './support/gauge-application.ts';
import { sample } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { definition, openWriter } from './support/slot-files.ts';
import { twinRegistries } from './support/twin-registries.ts';

const ALL = ['sum', 'first', 'min', 'max', 'average', 'mostrecent'];

test('every aggregator ignores gauges that were never set, and shows 0 if no process has set the gauge', async (t) => {
  const { reader, start } = gaugeApplication(t);
  const processes = [await start(), await start(), await start()];
  for (const one of processes) await one.send({ observe: [1] });
  const zeros = Object.fromEntries(
    [...ALL, 'keptsum', 'keptmin', 'keptmax', 'keptmostrecent'].map((a) => [a, 0]),
  );
  const bySlot = (all: Record<number, number>) =>
    Object.fromEntries(
      ['all', 'keptall'].flatMap((name) => Object.entries(all).map(([slot, v]) => [`${name} of ${slot}`, v])),
    );
  const shown = () => shownGauges(reader.metrics(), 'u_');
  assert.deepEqual(shown(), { ...zeros, ...bySlot({ 0: 0, 1: 0, 2: 0 }) });
  for (const value of [5, -5]) {
    await processes[1]!.send({ unlabelled: value });
    const set = Object.fromEntries(Object.keys(zeros).map((name) => [name, value]));
    assert.deepEqual(shown(), { ...set, ...bySlot({ 1: value }) });
  }
  await processes[2]!.send({ unlabelled: 0 });
  const two = { sum: -5, first: -5, min: -5, max: 0, average: -2.5, mostrecent: 0 };
  const kept = { keptsum: -5, keptmin: -5, keptmax: 0, keptmostrecent: 0 };
  assert.deepEqual(
    shown(),
    { ...two, ...kept, ...bySlot({ 1: -5, 2: 0 }) },
    'a gauge set to 0 is not ignored',
  );
  await processes[1]!.send({ resetAll: true });
  assert.deepEqual(shown(), { ...zeros, ...bySlot({ 2: 0 }) }, 'after reset() the gauge is not set');
});

test('each way to write sets the gauge, also to 0, and get() returns 0 for a gauge that was never set', async (t) => {
  for (const write of [
    (gauge: client.Gauge) => gauge.set(0),
    (gauge: client.Gauge) => gauge.set(-0),
    (gauge: client.Gauge) => gauge.inc(0),
    (gauge: client.Gauge) => gauge.dec(0),
    (gauge: client.Gauge) => gauge.labels().set(0),
    (gauge: client.Gauge) => gauge.set({}, -0),
    (gauge: client.Gauge) => {
      gauge.remove();
      gauge.set(0);
    },
  ]) {
    const { directory, register, registers } = sharedRegistry(t);
    const other = openWriter(directory);
    t.after(() => other.close());
    const cells = other.series(
      definition({ name: 'g', type: 'gauge', aggregator: 'min', labelNames: [] }),
      [],
    )!;
    cells.array[cells.base] = 5;
    const gauge = new client.Gauge({ name: 'g', help: 'x', aggregator: 'min', registers });
    new client.Counter({ name: 'x_total', help: 'x', registers }).inc();
    assert.equal(sample(await register.metrics(), 'g'), 5);
    assert.deepEqual((await gauge.get()).values, [{ value: 0, labels: {} }]);
    write(gauge);
    assert.equal(sample(await register.metrics(), 'g'), 0, String(write));
    assert.deepEqual((await gauge.get()).values, [{ value: 0, labels: {} }]);
    gauge.reset();
    assert.equal(sample(await register.metrics(), 'g'), 5);
  }
});

test('text and JSON of gauges that were never set are those of prom-client', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register, { Gauge, Counter }) => {
    for (const aggregator of ALL) {
      new Gauge({ name: aggregator, help: 'x', aggregator: aggregator as 'sum', registers: [register] });
    }
    new Counter({ name: 'x_total', help: 'x', registers: [register] }).inc();
  });
  assert.equal(await shared.metrics(), await plain.metrics());
  const json = async (register: client.Registry) =>
    ((await register.getMetricsAsJSON()) as object[]).map((metric) => ({ ...metric, shared: undefined }));
  assert.deepEqual(await json(shared), await json(plain));
});

test('aggregators ignore processes that do not have the series', async (t) => {
  const { reader, start } = gaugeApplication(t);
  const processes = [await start(), await start(), await start()];
  for (const one of processes) await one.send({ observe: [1] });
  await processes[0]!.send({ set: 4 });
  await processes[2]!.send({ set: 8 });
  const { average, first, min, mostrecent } = shownGauges(reader.metrics());
  assert.deepEqual([average, first, min, mostrecent], [6, 4, 4, 8]);
});
