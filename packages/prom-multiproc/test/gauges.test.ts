/** Values that each process measures for itself, read from outside: gauges, runtime metrics, quantiles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { bootTime } from '../src/os/boot-clock.ts';
import { Reader } from '../src/reader.ts';
import { type GaugeProcess, gaugeApplication, shownGauges } from './support/gauge-application.ts';
import { until } from './support/poll.ts';
import { decodePage } from './support/protobuf-text.ts';
import { sample, samples } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { definition, openWriter } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn, twinRegistries } from './support/twin-registries.ts';

test('each aggregator merges the values of living processes and ignores those of dead ones', async (t) => {
  const { reader, start } = gaugeApplication(t);
  const processes: GaugeProcess[] = [];
  for (const value of [5, -2, 3]) {
    const one = await start();
    await one.send({ set: value });
    processes.push(one);
  }
  assert.deepEqual(shownGauges(reader.metrics()), {
    sum: 6,
    first: 5,
    min: -2,
    max: 5,
    average: 2,
    'all of 0': 5,
    'all of 1': -2,
    'all of 2': 3,
    mostrecent: 3,
  });
  await processes[1]!.send({ set: 9 });
  assert.equal(shownGauges(reader.metrics()).mostrecent, 9);
  await processes[1]!.send({ set: -2 });
  await processes[2]!.send({ set: 3 });
  await processes[1]!.kill();
  const living = { sum: 8, first: 5, min: 3, max: 5, average: 4, mostrecent: 3 };
  assert.deepEqual(shownGauges(reader.metrics()), { ...living, 'all of 0': 5, 'all of 2': 3 });
  const successor = await start();
  await successor.send({ observe: [1] });
  assert.deepEqual(
    shownGauges(reader.metrics()),
    { ...living, 'all of 0': 5, 'all of 2': 3 },
    'a gauge is not inherited',
  );
  await successor.send({ set: 100 });
  assert.equal(shownGauges(reader.metrics()).sum, 108);
  assert.equal(shownGauges(reader.metrics())['all of 1'], 100);
});

test('a label `worker` of a gauge with the aggregator all is shown as `exported_worker`', async (t) => {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  const config = { name: 'g', help: 'x', labelNames: ['worker'], registers: [register] };
  new client.Gauge({ ...config, aggregator: 'all' as 'sum' }).set({ worker: 'mine' }, 2);
  const line = 'g{exported_worker="mine",worker="0"} 2';
  assert.deepEqual(samples(await register.metrics(), 'g{'), [line]);
  const [json] = await register.getMetricsAsJSON();
  assert.deepEqual(json!.values, [{ value: 2, labels: { exported_worker: 'mine', worker: '0' } }]);
});

test('labels `worker` and `exported_worker` of a gauge with the aggregator all have different names', async (t) => {
  const { register, registers, reader } = sharedRegistry(t);
  const config = { name: 'g', help: 'x', labelNames: ['worker', 'exported_worker'], registers };
  const gauge = new client.Gauge({ ...config, aggregator: 'all' as 'sum' });
  gauge.set({ worker: 'a', exported_worker: 'b' }, 1);
  gauge.set({ worker: 'b' }, 2);
  gauge.set({ exported_worker: 'b' }, 3);
  const labels = [
    { exported_exported_worker: 'a', exported_worker: 'b', worker: '0' },
    { exported_exported_worker: 'b', worker: '0' },
    { exported_worker: 'b', worker: '0' },
  ];
  assert.deepEqual(
    samples(await register.metrics(), 'g{'),
    labels.map((one, i) => {
      const pairs = Object.entries(one).map(([name, value]) => `${name}="${value}"`);
      return `g{${pairs}} ${i + 1}`;
    }),
  );
  const [json] = await register.getMetricsAsJSON();
  assert.deepEqual(
    json!.values.map((one) => one.labels),
    labels,
  );
  const [family] = decodePage(reader.page('protobuf'));
  assert.deepEqual(
    family!.metric.map(({ label }) => Object.fromEntries(label.map(({ name, value }) => [name, value]))),
    labels,
  );
});

test('for mostrecent, a gauge set before share() counts as set at the time of share()', async (t) => {
  const directory = temporaryDirectory(t);
  const older = openWriter(directory);
  t.after(() => older.close());
  const { array, base } = older.series(
    definition({ name: 'g', type: 'gauge', aggregator: 'mostrecent', labelNames: [] }),
    [],
  )!;
  array[base + 1] = 1;
  array[base] = 1;
  const register = new client.Registry();
  const registers = [register];
  new client.Gauge({ name: 'g', help: 'x', registers, aggregator: 'mostrecent' as 'sum' }).set(2);
  shareIn(directory, register);
  new client.Counter({ name: 'takes_the_slot_total', help: 'x', registers }).inc();
  assert.equal(sample(await register.metrics(), 'g'), 2);
});

test('mostrecent shows the value set last, even if the system time was set back', async (t) => {
  const directory = temporaryDirectory(t);
  const older = openWriter(directory);
  t.after(() => older.close());
  const { array, base } = older.series(
    definition({ name: 'g', type: 'gauge', aggregator: 'mostrecent', labelNames: [] }),
    [],
  )!;
  array[base + 1] = bootTime();
  array[base] = 1;
  const register = new client.Registry();
  shareIn(directory, register);
  const registers = [register];
  const gauge = new client.Gauge({ name: 'g', help: 'x', registers, aggregator: 'mostrecent' as 'sum' });
  const today = Date.now();
  t.mock.method(Date, 'now', () => today - 3_600_000);
  gauge.set(2);
  assert.equal(sample(await register.metrics(), 'g'), 2);
});

test('other processes do not see a gauge with collect() before its first value was collected', async (t) => {
  const directory = temporaryDirectory(t);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const register = new client.Registry();
  const registers = [register];
  shareIn(directory, register);
  new client.Counter({ name: 'x_total', help: 'x', registers }).inc();
  let measured: number | undefined;
  new client.Gauge({
    name: 'g',
    help: 'x',
    registers,
    collect() {
      if (measured === undefined) throw new Error('no reading');
      this.set(measured);
    },
  });
  await register.metrics();
  assert.equal(sample(reader.metrics(), 'g'), undefined);
  measured = 7;
  assert.equal(sample(await register.metrics(), 'g'), 7);
  assert.equal(sample(reader.metrics(), 'g'), 7);
});

test('a reader shows collected values at the last refresh of their process, without a request to it', async (t) => {
  const { reader, start } = gaugeApplication(t);
  const [one, two] = await Promise.all([start(), start()]);
  for (const each of [one, two]) await each.send({ set: 1 });
  const sees = (value: number) =>
    until(`collected ${value}`, () => sample(reader.metrics(), 'collected') === value);
  await one.send({ collect: 7 });
  await two.send({ collect: 4 });
  await sees(11);
  await one.send({ collect: 3 });
  await sees(7);
  one.child.kill('SIGSTOP');
  await two.send({ collect: 10 });
  await sees(13);
  const before = sample(reader.metrics(), 'prom_multiproc_heartbeat_age_seconds')!;
  await until('the heartbeat of the stopped process to age', () => {
    const age = sample(reader.metrics(), 'prom_multiproc_heartbeat_age_seconds')!;
    return age > before + 0.2;
  });
  assert.equal(sample(reader.metrics(), 'collected'), 13, 'a stopped process keeps its value');
});

test('runtime metrics of all processes are merged, and workerMetrics() shows one process with its quantiles', async (t) => {
  const { reader, start } = gaugeApplication(t);
  const processes = await Promise.all([start(), start()]);
  for (const [i, one] of processes.entries()) {
    await one.send({ observe: [10 * (i + 1), 20 * (i + 1), 30 * (i + 1)] });
    await one.send({ defaults: true });
  }
  // The process that started first may have either slot.
  const alone = async (slot: number) =>
    until(`the metrics of slot ${slot} only`, () => {
      // Collected metrics and quantiles appear at different times.
      const text = reader.workerMetrics(slot)!;
      const quantiles = samples(text, 'sizes{').filter((line) => !line.endsWith(' 0'));
      const others = ['process_resident_memory_bytes', 'nodejs_version_info'];
      return quantiles.length === 2 && others.every((name) => samples(text, name).length === 1) && text;
    });
  const texts = [await alone(0), await alone(1)];
  const merged = reader.metrics();
  const total = (series: string) => texts.reduce((sum, text) => sum + sample(text, series)!, 0);
  assert.equal(total('sizes_sum'), 180);
  assert.equal(sample(merged, 'sizes_sum'), 180);
  assert.equal(sample(merged, 'sizes_count'), 6);
  assert.deepEqual(samples(merged, 'sizes{'), [], 'quantiles of several processes are not shown');
  const quantiles = texts.map((text) => samples(text, 'sizes{')).sort();
  assert.deepEqual(quantiles.flat(), [
    'sizes{quantile="0.5"} 20',
    'sizes{quantile="1"} 30',
    'sizes{quantile="0.5"} 40',
    'sizes{quantile="1"} 60',
  ]);
  for (const text of texts) assert.ok(sample(text, 'process_resident_memory_bytes')! > 10e6);
  assert.ok(sample(merged, 'process_resident_memory_bytes')! > 60e6, 'memory of two processes');
  assert.equal(samples(merged, 'nodejs_version_info').length, 1);
  assert.match(samples(merged, 'nodejs_version_info')[0]!, / 1$/);
  await processes[0]!.kill();
  assert.equal([reader.workerMetrics(0), reader.workerMetrics(1)].filter(Boolean).length, 1);
});

test('a gauge without labels has the same value as in prom-client after each write', async (t) => {
  const { shared, plain } = twinRegistries(t);
  const [a, b] = [shared, plain].map(
    (register) => new client.Gauge({ name: 'a', help: 'A', registers: [register] }),
  ) as [client.Gauge, client.Gauge];
  const writes: ((gauge: client.Gauge) => void)[] = [
    (gauge) => gauge.set(5),
    (gauge) => gauge.inc(2),
    (gauge) => gauge.set(-0.5),
    (gauge) => gauge.set(Infinity),
    (gauge) => gauge.set(-0),
    (gauge) => gauge.dec(),
    (gauge) => gauge.set({}, 8),
    (gauge) => gauge.reset(),
    (gauge) => gauge.set(9),
    (gauge) => gauge.remove(),
    (gauge) => gauge.set(10),
    (gauge) => gauge.labels().set(11),
    (gauge) => gauge.set(12),
  ];
  for (const [i, write] of writes.entries()) {
    for (const gauge of [a, b]) write(gauge);
    assert.equal(await shared.metrics(), await plain.metrics(), `write ${i}`);
  }
});
