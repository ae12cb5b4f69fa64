/** `getMetricsAsJSON()`, removal and merging on a shared registry in one process, compared with prom-client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import client from 'prom-client';
import { SCENARIOS } from './support/scenarios.ts';
import { twinRegistries } from './support/twin-registries.ts';

interface JsonMetric {
  readonly name: string;
  readonly shared?: unknown;
  readonly values: { labels: Record<string, unknown> }[] | undefined;
}

/**
 * The JSON as sent to another process, without `shared` and without quantiles, which are not shared. @prometheus-io/client omits the
 * labels of a summary without labels.
 */
async function json(register: client.Registry): Promise<JsonMetric[]> {
  const metrics: JsonMetric[] = JSON.parse(JSON.stringify(await register.getMetricsAsJSON()));
  return metrics.map(({ shared: _, ...metric }) => ({
    ...metric,
    values: metric.values
      ?.map((value) => ({ ...value, labels: value.labels ?? {} }))
      .filter(({ labels }) => !('quantile' in labels)),
  }));
}

for (const [what, scenario] of Object.entries(SCENARIOS)) {
  if (what === 'timers') continue;
  test(`${what}: the same JSON as prom-client`, async (t) => {
    const { shared, plain, both } = twinRegistries(t);
    both(scenario);
    assert.deepEqual(await json(shared), await json(plain));
  });
}

test('metrics removed from the registry are not shown, and can be created again', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  const make = (register: client.Registry, name: string) =>
    new client.Counter({ name, help: 'x', registers: [register] }).inc();
  both((register) => {
    for (const name of ['a_total', 'b_total', 'c_total']) make(register, name);
    register.removeSingleMetric('b_total');
  });
  assert.equal(await shared.metrics(), await plain.metrics());
  both((register) => make(register, 'b_total'));
  assert.equal(await shared.metrics(), await plain.metrics());
  both((register) => register.clear());
  assert.equal(await shared.metrics(), await plain.metrics());
  both((register) => {
    make(register, 'a_total');
    make(register, 'd_total');
  });
  assert.equal(await shared.metrics(), await plain.metrics());
});

test('a removed metric keeps counting, and is shown with these counts once it is registered again', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register) => {
    const counter = new client.Counter({
      name: 'a_total',
      help: 'x',
      labelNames: ['x'],
      registers: [register],
    });
    const gauge = new client.Gauge({ name: 'g', help: 'x', registers: [register] });
    const child = counter.labels('1');
    child.inc();
    gauge.set(1);
    register.clear();
    child.inc(2);
    counter.inc({ x: '2' }, 5);
    gauge.inc();
    register.registerMetric(counter);
    register.registerMetric(gauge);
    child.inc(4);
  });
  assert.equal(await shared.metrics(), await plain.metrics());
});

test('a merged registry shows totals once', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  both((register) => new client.Counter({ name: 'a_total', help: 'x', registers: [register] }).inc(3));
  const other = new client.Registry();
  new client.Counter({ name: 'b_total', help: 'x', registers: [other] }).inc(4);
  const merged = await client.Registry.merge([shared, other]).metrics();
  const expected = await client.Registry.merge([plain, other]).metrics();
  for (const line of expected.split('\n')) assert.ok(merged.split('\n').includes(line), line);
  assert.equal(merged.match(/^a_total 3$/gm)?.length, 1);
});

test('registered objects that are no metrics of prom-client are shown as in prom-client, with default labels', async (t) => {
  const { shared, plain, both } = twinRegistries(t);
  const values = [
    { value: 1, labels: { x: '1' } },
    { value: 2, labels: { app: 'own' } },
    { value: 3 },
    { value: 4, metricName: 'odd_part', labels: {} },
  ];
  const odd = {
    name: 'odd',
    async get() {
      return { name: 'odd', help: 'O', type: 'gauge', values };
    },
  };
  const empty = { name: 'empty', get: async () => ({ name: 'empty', help: 'E', type: 'counter' }) };
  both((register) => {
    new client.Counter({ name: 'a_total', help: 'A', registers: [register] }).inc();
    for (const metric of [odd, empty]) register.registerMetric(metric as never);
    register.setDefaultLabels({ app: 'default' });
  });
  const shown = await json(shared);
  assert.deepEqual(values[2], { value: 3 }, "the application's object is not changed");
  assert.deepEqual(shown, await json(plain));
  assert.equal(await shared.metrics(), await plain.metrics());
});
