/** Default labels that differ between processes, such as the id of a worker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { Reader } from '../src/index.ts';
import { forkShared } from './support/fork-shared.ts';
import { samples } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const worker = (id: number, count: number) => `
  share(register);
  register.setDefaultLabels({ worker: ${id} });
  globalThis.x = new Counter({ name: 'x_total', help: 'x', labelNames: ['route'] });
  globalThis.h = new Histogram({ name: 'h', help: 'x', buckets: [1] });
  x.inc({ route: '/' }, ${count}); h.observe(0.5);
`;

test('the counts of a process keep its default labels, in any process that answers and after it was killed', async (t) => {
  const directory = temporaryDirectory(t);
  const first = await forkShared(t, directory, worker(1, 10));
  const second = await forkShared(t, directory, worker(2, 20));
  const other = await forkShared(
    t,
    directory,
    "share(register); register.setDefaultLabels({ worker: 'primary' });",
  );
  const all = async () =>
    Promise.all(
      [second, other].map(async (process) =>
        samples(await process.evaluate<string>('register.metrics()'), 'x_total').sort(),
      ),
    );
  const both = ['x_total{route="/",worker="1"} 10', 'x_total{route="/",worker="2"} 20'];
  assert.deepEqual(await all(), [both, both]);
  assert.deepEqual(samples(await first.evaluate<string>('register.metrics()'), 'h_bucket{le="1"'), [
    'h_bucket{le="1",worker="1"} 1',
    'h_bucket{le="1",worker="2"} 1',
  ]);
  await first.kill();
  const successor = await forkShared(t, directory, worker(3, 5));
  assert.equal((await successor.evaluate<string>('takeSlot()')) as unknown, 0);
  const three = [...both, 'x_total{route="/",worker="3"} 5'];
  assert.deepEqual(await all(), [three, three]);
  const json = await second.evaluate<{ values: { labels: object; value: number }[] }[]>(
    'register.getMetricsAsJSON()',
  );
  assert.deepEqual(
    json[0]!.values.map(({ labels, value }) => [JSON.stringify(labels), value]).sort(),
    [
      ['{"route":"/","worker":"1"}', 10],
      // For its own series, a process returns the value as the application gave it.
      ['{"route":"/","worker":2}', 20],
      ['{"route":"/","worker":"3"}', 5],
    ].sort(),
  );
});

test('a worker with the id of a dead worker continues its series', async (t) => {
  const directory = temporaryDirectory(t);
  await (await forkShared(t, directory, worker(1, 10))).kill();
  const successor = await forkShared(t, directory, worker(1, 10));
  assert.deepEqual(samples(await successor.evaluate<string>('register.metrics()'), 'x_total'), [
    'x_total{route="/",worker="1"} 20',
  ]);
});

test('default labels set after the first counts apply to these counts, too', async (t) => {
  const { directory, register } = sharedRegistry(t);
  const counter = new client.Counter({
    name: 'x_total',
    help: 'x',
    labelNames: ['a'],
    registers: [register],
  });
  const child = counter.labels('1');
  child.inc(3);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  assert.deepEqual(samples(reader.metrics(), 'x_total'), ['x_total{a="1"} 3']);
  const labels: Record<string, string> = { app: 'one' };
  register.setDefaultLabels(labels);
  child.inc();
  labels.app = 'changed without setDefaultLabels()';
  counter.inc({ a: '2' });
  assert.deepEqual(samples(reader.metrics(), 'x_total'), [
    'x_total{a="1",app="one"} 4',
    'x_total{a="2",app="one"} 1',
  ]);
  assert.deepEqual(samples(await register.metrics(), 'x_total'), samples(reader.metrics(), 'x_total'));
});

test("a metric's own label overrides the default label of the same name", async (t) => {
  const { register, registers, reader } = sharedRegistry(t);
  register.setDefaultLabels({ a: 'default', b: 'b' });
  const counter = new client.Counter({ name: 'x_total', help: 'x', labelNames: ['a'], registers });
  counter.inc({ a: 'own' });
  counter.inc();
  assert.deepEqual(samples(reader.text(), 'x_total'), [
    'x_total{a="own",b="b"} 1',
    'x_total{a="default",b="b"} 1',
  ]);
});

test('no line has a label twice if a default label is named le or quantile', (t) => {
  const { register, registers, reader, directory } = sharedRegistry(t);
  register.setDefaultLabels({ le: '7', quantile: '7' });
  new client.Histogram({ name: 'h', help: 'x', buckets: [1], registers }).observe(0.5);
  new client.Summary({ name: 's', help: 'x', registers }).observe(0.5);
  const ofWorker = new Reader(directory);
  t.after(() => ofWorker.close());
  for (const text of [reader.text(), ofWorker.workerMetrics(0)!])
    assert.doesNotMatch(text, /\b(le|quantile)=".*\b\1="/);
});

test('remove() and reset() find series with default labels', async (t) => {
  const { register, registers, reader } = sharedRegistry(t);
  register.setDefaultLabels({ app: 'one' });
  const counter = new client.Counter({ name: 'x_total', help: 'x', labelNames: ['a'], registers });
  const gauge = new client.Gauge({ name: 'g', help: 'x', labelNames: ['a'], registers });
  for (const a of ['1', '2']) {
    counter.inc({ a });
    gauge.set({ a }, 5);
  }
  counter.remove({ a: '1' });
  gauge.remove('2');
  assert.deepEqual(samples(reader.text(), 'x_total'), ['x_total{a="2",app="one"} 1']);
  assert.deepEqual(samples(reader.text(), 'g'), ['g{a="1",app="one"} 5']);
  counter.reset();
  assert.deepEqual(samples(reader.text(), 'x_total'), []);
  counter.inc({ a: '2' });
  assert.deepEqual(samples(reader.text(), 'x_total'), ['x_total{a="2",app="one"} 1']);
});
