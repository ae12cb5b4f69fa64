/** The limit of series per metric: further series are not stored, and this is reported. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as prometheusIo from '@prometheus-io/client';
import client from 'prom-client';
import { share } from '../src/index.ts';
import { until } from './support/poll.ts';
import { sample, samples } from './support/sample.ts';
import { add, COUNTER, openWriter } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const REFUSED = 'prom_multiproc_refused_updates_total';
const LIMIT = 3;

function shared(t: TestContext, prom: typeof client, directory = temporaryDirectory(t)) {
  const register = new prom.Registry();
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  share(register, { maxSeriesPerMetric: LIMIT });
  if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
  else process.env.PROMETHEUS_MULTIPROC_DIR = before;
  const own = { help: 'x', labelNames: ['x'] as const, registers: [register] };
  return { directory, register, own };
}

for (const [name, prom] of [
  ['prom-client', client],
  ['@prometheus-io/client', prometheusIo as unknown as typeof client],
] as const) {
  test(`${name}: at the limit, each kind of metric counts in known series and refuses new ones`, async (t) => {
    const { register, own } = shared(t, prom);
    // Exemplars are accepted only in OpenMetrics.
    register.setContentType(prom.Registry.OPENMETRICS_CONTENT_TYPE as never);
    const counter = new prom.Counter({ ...own, name: 'c_total' });
    const histogram = new prom.Histogram({ ...own, name: 'h', buckets: [1] });
    const gauge = new prom.Gauge({ ...own, name: 'g' });
    const latest = new prom.Gauge({ ...own, name: 'l', aggregator: 'mostrecent' as never });
    const summary = new prom.Summary({ ...own, name: 's' });
    const exemplars = new prom.Counter({ ...own, name: 'e_total', enableExemplars: true } as never);
    const timed = new prom.Histogram({ ...own, name: 'eh', buckets: [1], enableExemplars: true } as never);
    const before = counter.labels('late');
    for (const round of [1, 2]) {
      for (let i = 0; i < LIMIT + 4; i++) {
        const labels = { x: String(i) };
        counter.inc(labels);
        counter.labels(labels).inc();
        histogram.observe(labels, 0.5);
        histogram.labels(labels).observe(2);
        gauge.set(labels, round);
        gauge.inc(labels);
        gauge.labels(labels).inc();
        latest.set(labels, round);
        summary.observe(labels, 1);
        summary.labels(labels).observe(1);
        exemplars.inc({ labels, value: 1, exemplarLabels: { trace: 'a' } } as never);
        timed.observe({ labels, value: 1, exemplarLabels: { trace: 'a' } } as never);
        histogram.startTimer(labels)();
      }
      before.inc();
    }
    const text = await register.metrics();
    const shown = (series: string) => [0, 1, 2, 3].map((i) => sample(text, `${series}{x="${i}"}`));
    assert.deepEqual(shown('c_total'), [4, 4, 4, undefined]);
    assert.deepEqual(shown('h_count'), [6, 6, 6, undefined]);
    assert.deepEqual(shown('g'), [4, 4, 4, undefined]);
    assert.deepEqual(shown('l'), [2, 2, 2, undefined]);
    assert.deepEqual(shown('s_count'), [4, 4, 4, undefined]);
    assert.deepEqual(shown('e_total'), [2, 2, 2, undefined]);
    assert.deepEqual(shown('eh_count'), [2, 2, 2, undefined]);
    assert.equal(samples(text, 'c_total').length, LIMIT);
    // Four series, twice in each of two rounds, and the child twice.
    assert.equal(sample(text, `${REFUSED}{metric="c_total"}`), 4 * 4 + 2);
    for (const metric of ['h', 'g', 'l', 's', 'e_total', 'eh'])
      assert.ok(sample(text, `${REFUSED}{metric="${metric}"}`)! >= 8, metric);
    counter.remove({ x: '0' });
    counter.inc({ x: '0' }, 7);
    assert.equal(
      sample(await register.metrics(), 'c_total{x="0"}'),
      7,
      'a removed series can be counted again',
    );
  });
}

test('series beyond the limit take no memory', async (t) => {
  const { register, own } = shared(t, client);
  const [counter, gauge] = [
    new client.Counter({ ...own, name: 'many_total' }),
    new client.Gauge({ ...own, name: 'many' }),
  ];
  for (let i = 0; i < 20_000; i++) {
    counter.inc({ x: String(i) });
    gauge.set({ x: String(i) }, 1);
  }
  for (const metric of [counter, gauge])
    assert.equal(((await metric.get()) as { values: unknown[] }).values.length, LIMIT);
  const text = await register.metrics();
  assert.equal(sample(text, `${REFUSED}{metric="many_total"}`), 20_000 - LIMIT);
  assert.equal(sample(text, `${REFUSED}{metric="many"}`), 20_000 - LIMIT);
});

test('inherited series count towards the limit and can be counted further', async (t) => {
  const directory = temporaryDirectory(t);
  const dead = openWriter(directory);
  for (const route of ['a', 'b']) add(dead, COUNTER, route, 10);
  dead.close();
  const { register } = shared(t, client, directory);
  const counter = new client.Counter({
    name: COUNTER.name,
    help: COUNTER.help,
    labelNames: ['route'],
    registers: [register],
  });
  for (const route of ['new', 'newer', 'a', 'b']) counter.inc({ route });
  const text = await register.metrics();
  const shown = ['new', 'newer', 'a', 'b'].map((route) => sample(text, `${COUNTER.name}{route="${route}"}`));
  assert.deepEqual(shown, [1, undefined, 11, 11]);
});

test('the limit does not apply to metrics without labels; for others one warning for each metric says what to do', async (t) => {
  const warnings: string[] = [];
  const listener = (warning: Error) => {
    if ((warning as NodeJS.ErrnoException).code === 'PROM_MULTIPROC_LIMIT') warnings.push(warning.message);
  };
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  const { register, own } = shared(t, client);
  const counter = new client.Counter({ ...own, name: 'limited_total' });
  for (let i = 0; i < 10; i++) counter.inc({ x: String(i) });
  new client.Counter({ name: 'plain_total', help: 'x', registers: [register] }).inc();
  assert.equal(sample(await register.metrics(), 'plain_total'), 1);
  const mine = () =>
    warnings.filter((message) => message.startsWith('limited_total has reached the limit of 3 series'));
  await until('the warning', () => mine().length > 0);
  assert.equal(mine().length, 1);
  assert.match(
    mine()[0]!,
    /in the slot of this process, including removed series and those of earlier processes: .*PROMETHEUS_MULTIPROC_MAX_SERIES .*, or clear the directory before the next start$/,
  );
});

test('an invalid limit is rejected, and the message names the allowed values', () => {
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = '/tmp';
  try {
    for (const maxSeriesPerMetric of [0, -1, 1.5, Number.NaN, '5' as never]) {
      assert.throws(
        () => share(new client.Registry(), { maxSeriesPerMetric }),
        /maxSeriesPerMetric must be an integer of at least 1, got /,
      );
    }
  } finally {
    if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
    else process.env.PROMETHEUS_MULTIPROC_DIR = before;
  }
});
