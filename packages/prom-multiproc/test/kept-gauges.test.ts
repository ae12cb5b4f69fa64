/** Gauges whose aggregator keeps the values of dead processes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { type GaugeProcess, gaugeApplication, shownGauges } from './support/gauge-application.ts';
import { sample, samples } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { definition, openWriter } from './support/slot-files.ts';

const kept = (text: string) =>
  Object.fromEntries(Object.entries(shownGauges(text)).filter(([name]) => name.startsWith('kept')));

test('values of dead processes stay, and a successor in the slot adds its own value or replaces them', async (t) => {
  const { reader, start } = gaugeApplication(t);
  const shows = (expected: object, when: string) => assert.deepEqual(kept(reader.metrics()), expected, when);
  const one = await start();
  const two = await start();
  await one.send({ kept: 5 });
  await two.send({ kept: 3 });
  const both = { keptsum: 8, keptmin: 3, keptmax: 5, keptmostrecent: 3 };
  const all = { 'keptall of 0': 5, 'keptall of 1': 3 };
  shows({ ...both, ...all }, 'two living');
  await two.kill();
  shows({ ...both, ...all }, 'one living');
  await one.kill();
  shows({ ...both, ...all }, 'none living');
  const successor = await start();
  await successor.send({ observe: [1] });
  shows({ ...both, ...all }, 'the slot of the first is taken over');
  await successor.send({ addKept: -4 });
  shows(
    { keptsum: 4, keptmin: -4, keptmax: 5, keptmostrecent: -4, 'keptall of 0': -4, 'keptall of 1': 3 },
    'lowered by the successor',
  );
  await successor.send({ addKept: 5 });
  shows(
    { keptsum: 9, keptmin: 1, keptmax: 5, keptmostrecent: 1, 'keptall of 0': 1, 'keptall of 1': 3 },
    'raised by the successor',
  );
  await successor.kill();
  const third = await start();
  await third.send({ kept: 0 });
  shows(
    { keptsum: 9, keptmin: 0, keptmax: 5, keptmostrecent: 0, 'keptall of 0': 0, 'keptall of 1': 3 },
    'one more successor',
  );
  await third.send({ resetAll: true });
  shows(
    { keptsum: 3, keptmin: 3, keptmax: 3, keptmostrecent: 3, 'keptall of 1': 3 },
    'reset() removes the value of its slot',
  );
});

test('a keptsum gauge raised in one process and lowered in another returns to zero after both were killed', async (t) => {
  const { reader, start } = gaugeApplication(t);
  let [one, two] = (await Promise.all([start(), start()])) as [GaugeProcess, GaugeProcess];
  for (let round = 0; round < 3; round++) {
    await one.send({ addKept: 7 });
    await one.kill();
    await two.send({ addKept: -7 });
    await two.kill();
    assert.equal(kept(reader.metrics()).keptsum, 0);
    [one, two] = [await start(), await start()];
  }
});

/** A registry that takes the slot of a dead process, whose gauge `g` has the cells `left`. */
function successor(t: Parameters<typeof sharedRegistry>[0], aggregator: string, left: readonly number[]) {
  const shared = sharedRegistry(t);
  const dead = openWriter(shared.directory);
  const { array, base } = dead.series(
    definition({ name: 'g', type: 'gauge', aggregator, labelNames: [] }),
    [],
  )!;
  for (const [i, value] of left.entries()) array[base + i] = value;
  dead.close();
  const config = { name: 'g', help: 'x', aggregator: aggregator as 'sum', registers: shared.registers };
  const take = () => new client.Counter({ name: 'x_total', help: 'x', registers: shared.registers }).inc();
  const shown = async () => sample(await shared.register.metrics(), 'g');
  return { ...shared, config, take, shown };
}

test('a gauge without labels keeps the inherited value when a successor registers it', async (t) => {
  const { config, take, shown } = successor(t, 'keptsum', [5]);
  const gauge = new client.Gauge(config);
  take();
  assert.equal(await shown(), 5);
  gauge.set(0);
  assert.equal(await shown(), 5);
  gauge.dec(2);
  assert.equal(await shown(), 3);
  assert.equal((await gauge.get()).values[0]!.value, -2, 'get() returns the value of this process');
  gauge.set(Number.NaN);
  assert.equal(await shown(), 5, 'NaN counts as not set');
  gauge.set(1);
  assert.equal(await shown(), 6);
});

test('a value set before the slot was taken is merged with the inherited value', async (t) => {
  const sum = successor(t, 'keptsum', [5]);
  new client.Gauge(sum.config).set(2);
  sum.take();
  assert.equal(await sum.shown(), 7);
  const older = successor(t, 'keptmostrecent', [5, 1]);
  new client.Gauge(older.config).set(2);
  older.take();
  assert.equal(await older.shown(), 2);
});

test('a collected value is merged with the inherited value at the end of collect()', async (t) => {
  for (const [aggregator, expected] of [
    ['keptsum', [6, 7]],
    ['keptmin', [1, 2]],
    ['keptmax', [5, 5]],
    ['keptmostrecent', [1, 2]],
  ] as const) {
    const { config, take, shown } = successor(t, aggregator, [5]);
    let measured = 0;
    new client.Gauge({
      ...config,
      async collect() {
        await null;
        this.set(++measured);
      },
    });
    take();
    assert.deepEqual([await shown(), await shown()], expected, aggregator);
  }
});

test('getMetricsAsJSON() shows the declared aggregator of a kept gauge', async (t) => {
  const { register, config, take } = successor(t, 'keptall', [5]);
  new client.Gauge(config);
  take();
  const [json] = await register.getMetricsAsJSON();
  assert.equal(json!.aggregator, 'keptall');
  assert.deepEqual(json!.values, [{ value: 5, labels: { worker: '0' } }]);
  assert.deepEqual(samples(await register.metrics(), 'g{'), ['g{worker="0"} 5']);
});
