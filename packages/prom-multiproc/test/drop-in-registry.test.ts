/** The methods of a shared registry and its metrics in one process, compared with plain prom-client. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { Reader } from '../src/reader.ts';
import { sample } from './support/sample.ts';
import { SCENARIOS } from './support/scenarios.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn, twinRegistries } from './support/twin-registries.ts';

/** As JSON. @prometheus-io/client omits the labels of a summary without labels. */
function plainData(value: unknown): unknown {
  const { values, ...metric } = JSON.parse(JSON.stringify(value));
  return {
    ...metric,
    values: values.map((one: { labels?: object }) => ({ ...one, labels: one.labels ?? {} })),
  };
}

for (const [what, scenario] of Object.entries(SCENARIOS)) {
  if (what === 'timers') continue;
  test(`${what}: get() of each metric returns the same as in prom-client`, async (t) => {
    const { shared, plain, both } = twinRegistries(t);
    both(scenario);
    for (const metric of plain.getMetricsAsArray()) {
      const name = (metric as unknown as { name: string }).name;
      const twin = shared.getSingleMetric(name)!;
      // Once before and once after the process has read the slots.
      for (const before of [() => undefined, () => shared.metrics()]) {
        await before();
        assert.deepEqual(plainData(await twin.get()), plainData(await plain.getSingleMetric(name)!.get()));
      }
    }
  });
}

test('getSingleMetric() and getMetricsAsArray() return the original metric objects', (t) => {
  const { shared, plain, both } = twinRegistries(t);
  const made: client.Counter[] = [];
  both((register) => {
    made.push(new client.Counter({ name: 'a_total', help: 'A', registers: [register] }));
    new client.Gauge({ name: 'b', help: 'B', registers: [register] });
  });
  assert.equal(shared.getSingleMetric('a_total'), made[0]);
  assert.equal(shared.getSingleMetric('nosuch'), undefined);
  const names = (register: client.Registry) => register.getMetricsAsArray().map(({ name }) => name);
  assert.deepEqual(names(shared), names(plain));
  assert.equal(shared.getMetricsAsArray()[0] as unknown, made[0]);
});

/** The outcome of the same call on several registries: its error, or `returns`. */
async function outcomes(act: (register: client.Registry) => unknown, registers: client.Registry[]) {
  return Promise.all(
    registers.map(async (register) => {
      try {
        await act(register);
        return 'returns';
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    }),
  );
}

test('invalid uses of a registry throw the errors of prom-client', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register) => new client.Counter({ name: 'a_total', help: 'A', registers: [register] }));
  const other = new client.Registry();
  other.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
  for (const act of [
    (register: client.Registry) => new client.Counter({ name: 'a_total', help: 'A', registers: [register] }),
    (register: client.Registry) => new client.Gauge({ name: 'b b', help: 'B', registers: [register] }),
    (register: client.Registry) => new client.Gauge({ name: 'b', help: '', registers: [register] }),
    (register: client.Registry) =>
      new client.Gauge({ name: 'b', help: 'B', labelNames: ['a b'], registers: [register] }),
    (register: client.Registry) =>
      new client.Histogram({ name: 'h', help: 'H', labelNames: ['le'], registers: [register] }),
    (register: client.Registry) =>
      new client.Counter({ name: 'e_total', help: 'E', enableExemplars: true, registers: [register] }),
    (register: client.Registry) => register.setContentType('text/html' as never),
    (register: client.Registry) => client.Registry.merge([register, other]),
    (register: client.Registry) => register.removeSingleMetric('nosuch'),
    (register: client.Registry) => register.registerMetric(register.getSingleMetric('a_total') as never),
  ]) {
    const [ofShared, ofPlain] = await outcomes(act, [shared, plain]);
    assert.equal(ofShared, ofPlain, String(act));
  }
  assert.match(
    (await outcomes((register) => register.getSingleMetricAsString('nosuch'), [shared]))[0]!,
    /Error/,
  );
});

test('a change of default labels or content type applies to the next scrape', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register) => {
    new client.Counter({ name: 'a_total', help: 'A', labelNames: ['x'], registers: [register] }).inc({
      x: '1',
    });
    new client.Histogram({ name: 'h', help: 'H', labelNames: ['x'], registers: [register] }).observe(1);
  });
  for (const change of [
    (register: client.Registry) => register.setDefaultLabels({ app: 'one' }),
    (register: client.Registry) => register.setDefaultLabels({ app: 'two', x: 'default' }),
    (register: client.Registry) => register.setDefaultLabels({}),
    (register: client.Registry) => register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never),
  ]) {
    both(change);
    assert.equal(await shared.metrics(), await plain.metrics());
    assert.equal(shared.contentType, plain.contentType);
  }
});

test('unlike in prom-client, a registry shows the original names again after it was OpenMetrics for a while', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register) => new client.Counter({ name: 'a_total', help: 'A', registers: [register] }).inc());
  const before = await plain.metrics();
  shared.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
  assert.match(await shared.metrics(), /^# TYPE a counter\na_total 1$/m);
  shared.setContentType(client.Registry.PROMETHEUS_CONTENT_TYPE);
  assert.equal(await shared.metrics(), before);
});

test('unlike in prom-client, getMetricsAsJSON() does not store default labels in the series', async (t) => {
  const { shared } = twinRegistries(t);
  new client.Counter({ name: 'a_total', help: 'A', registers: [shared] }).inc();
  shared.setDefaultLabels({ app: 'one' });
  await shared.getMetricsAsJSON();
  shared.setDefaultLabels({ app: 'two' });
  assert.equal(sample(await shared.metrics(), 'a_total{app="two"}'), 1);
});

/** Two registries with a metric of each kind, merged. */
function merged(registers: readonly [client.Registry, client.Registry]): client.Registry {
  for (const [i, register] of registers.entries()) {
    const own = { help: 'x', registers: [register] };
    new client.Counter({ ...own, name: `counter_${i}_total` }).inc(i + 1);
    new client.Gauge({ ...own, name: `gauge_${i}` }).set(i + 1);
    new client.Histogram({ ...own, name: `histogram_${i}`, buckets: [1] }).observe(i + 1);
  }
  return client.Registry.merge([...registers]);
}

/** Sorted lines, because the order of the metrics of merged registries differs. */
const lines = (text: string) => text.split('\n').toSorted();

for (const [what, share] of [
  ['two shared registries', [true, true]],
  ['a shared registry and a plain one', [true, false]],
  ['a plain registry and a shared one', [false, true]],
] as const) {
  test(`merged, ${what} show the same as prom-client, and shared counts once`, async (t) => {
    const directory = temporaryDirectory(t);
    const registers = [new client.Registry(), new client.Registry()] as const;
    for (const [i, register] of registers.entries()) if (share[i]) shareIn(directory, register);
    const before = process.env.PROMETHEUS_MULTIPROC_DIR;
    process.env.PROMETHEUS_MULTIPROC_DIR = directory;
    const ours = merged(registers);
    if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
    else process.env.PROMETHEUS_MULTIPROC_DIR = before;
    const theirs = merged([new client.Registry(), new client.Registry()]);
    const shown = lines(await ours.metrics()).filter((line) => !line.includes('prom_multiproc'));
    assert.deepEqual(shown, lines(await theirs.metrics()));
    (ours.getSingleMetric('counter_0_total') as client.Counter).inc(4);
    assert.equal(sample(await registers[0].metrics(), 'counter_0_total'), 5);
    assert.equal(sample(await ours.metrics(), 'counter_0_total'), 5);
  });
}

async function threeRegistries(t: TestContext) {
  const directory = temporaryDirectory(t);
  const [a, b, empty] = [new client.Registry(), new client.Registry(), new client.Registry()] as const;
  for (const register of [a, b]) shareIn(directory, register);
  new client.Counter({ name: 'of_a_total', help: 'A', registers: [a] }).inc();
  new client.Counter({ name: 'of_b_total', help: 'B', registers: [b] }).inc();
  const both = new client.Counter({ name: 'of_both_total', help: 'both', registers: [a, b] });
  both.inc();
  return { directory, a, b, empty };
}

test('registries without a name in one process do not show the metrics of each other, even if one has none', async (t) => {
  const { directory, a, b, empty } = await threeRegistries(t);
  shareIn(directory, empty);
  const of = async (register: client.Registry) =>
    ['of_a_total', 'of_b_total', 'of_both_total'].map((name) =>
      register.metrics().then((text) => sample(text, name)),
    );
  assert.deepEqual(await Promise.all(await of(a)), [1, undefined, 1]);
  assert.deepEqual(await Promise.all(await of(b)), [undefined, 1, 1]);
  assert.deepEqual(await Promise.all(await of(empty)), [undefined, undefined, undefined]);
});

test('a Reader shows the metrics of all registries without a name', async (t) => {
  const { directory } = await threeRegistries(t);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const text = reader.metrics();
  for (const name of ['of_a_total', 'of_b_total', 'of_both_total']) assert.equal(sample(text, name), 1);
});

test('a summary with pruneAgedBuckets keeps its sum and count', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
  const { shared, plain, both } = twinRegistries(t);
  both((register) => {
    const config = { maxAgeSeconds: 600, ageBuckets: 5, pruneAgedBuckets: true, registers: [register] };
    new client.Summary({ ...config, name: 's', help: 'x', labelNames: ['x'] }).observe({ x: '1' }, 5);
  });
  t.mock.timers.tick(3_600_000);
  assert.equal(sample(await plain.metrics(), 's_count{x="1"}'), undefined);
  assert.equal(sample(await shared.metrics(), 's_count{x="1"}'), 1);
});

test('values above all buckets count in +Inf only, even if there is a bucket -1', async (t) => {
  const { shared } = twinRegistries(t);
  const histogram = new client.Histogram({ name: 'h', help: 'x', buckets: [-1, 1], registers: [shared] });
  histogram.observe(5);
  const text = await shared.metrics();
  assert.deepEqual(
    ['-1', '1', '+Inf'].map((le) => sample(text, `h_bucket{le="${le}"}`)),
    [0, 0, 1],
  );
});

test('calls with exemplars are counted', async (t) => {
  const { shared, both } = twinRegistries(t, client.Registry.OPENMETRICS_CONTENT_TYPE);
  both((register) => {
    const config = { help: 'x', labelNames: ['x'], enableExemplars: true, registers: [register] };
    const counter = new client.Counter({ ...config, name: 'a_total' });
    const histogram = new client.Histogram({ ...config, name: 'h', buckets: [1] });
    const exemplarLabels = { traceId: 'abc' };
    counter.inc({ labels: { x: '1' }, value: 2, exemplarLabels } as never);
    counter.inc({ labels: { x: '1' }, value: 3 } as never);
    histogram.observe({ labels: { x: '1' }, value: 0.5, exemplarLabels } as never);
    histogram.observe({ labels: { x: '1' }, value: 5, exemplarLabels } as never);
  });
  const text = await shared.metrics();
  assert.equal(sample(text, 'a_total{x="1"}'), 5);
  assert.equal(sample(text, 'h_bucket{le="1",x="1"}'), 1);
  assert.equal(sample(text, 'h_count{x="1"}'), 2);
  assert.equal(sample(text, 'h_sum{x="1"}'), 5.5);
});
