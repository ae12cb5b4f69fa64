import assert from 'node:assert/strict';
import { test } from 'node:test';
import client, { type Registry } from 'prom-client';
import { TextReader } from './support/directory-text.ts';
import { sample } from './support/sample.ts';
import { twinRegistries } from './support/twin-registries.ts';

test('a shared metric accepts and rejects the same arguments as prom-client, with the same errors', (t) => {
  const { shared, plain } = twinRegistries(t);
  const make = (register: Registry) => ({
    counter: new client.Counter({
      name: 'a_total',
      help: 'A',
      labelNames: ['x', 'y'],
      registers: [register],
    }),
    bare: new client.Counter({ name: 'b_total', help: 'B', registers: [register] }),
    gauge: new client.Gauge({ name: 'c', help: 'C', labelNames: ['x'], registers: [register] }),
    bareGauge: new client.Gauge({ name: 'g', help: 'G', registers: [register] }),
    histogram: new client.Histogram({ name: 'd', help: 'D', labelNames: ['x', 'y'], registers: [register] }),
    bareHistogram: new client.Histogram({ name: 'e', help: 'E', registers: [register] }),
    summary: new client.Summary({ name: 'f', help: 'F', labelNames: ['x'], registers: [register] }),
  });
  const twins = { shared: make(shared), plain: make(plain) };
  const values = [
    undefined,
    null,
    0,
    -0,
    1,
    -1,
    2.5,
    '',
    '5',
    'word',
    '%d',
    Infinity,
    -Infinity,
    true,
    false,
    5n,
    {},
    [],
    { x: 1 },
    () => {},
  ];
  const labels = [
    { x: '1' },
    {},
    { x: '1', y: '2' },
    { z: 'bad' },
    { x: '1', z: 'bad' },
    null,
    undefined,
    0,
    '',
    [],
  ];
  const calls: [keyof typeof twins.shared, string, unknown[]][] = [];
  for (const [metric, method] of [
    ['bare', 'inc'],
    ['bareHistogram', 'observe'],
    ['bareGauge', 'set'],
  ] as const) {
    for (const value of values) calls.push([metric, method, [value]]);
    calls.push([metric, method, []]);
  }
  for (const [metric, method] of [
    ['counter', 'inc'],
    ['histogram', 'observe'],
    ['summary', 'observe'],
    ['gauge', 'set'],
    ['gauge', 'inc'],
  ] as const) {
    for (const own of labels) {
      for (const value of values) calls.push([metric, method, [own, value]]);
      calls.push([metric, method, [own]]);
    }
  }
  for (const metric of ['counter', 'histogram', 'gauge', 'summary'] as const) {
    for (const args of [[], ['1'], ['1', '2'], ['1', '2', '3'], [{ z: 1 }], [null]]) {
      calls.push([metric, 'labels', args], [metric, 'remove', args]);
    }
  }
  const outcome = (metric: object, method: string, args: unknown[]): string => {
    try {
      (metric as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
      return 'returns';
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  };
  const differing: unknown[] = [];
  for (const [metric, method, args] of calls) {
    const expected = outcome(twins.plain[metric], method, args);
    const actual = outcome(twins.shared[metric], method, args);
    if (actual !== expected) differing.push({ metric, method, args, expected, actual });
  }
  assert.deepEqual(differing, []);
});

/** Counts with labels whose types TypeScript rejects. */
function labelled(register: Registry) {
  const config = { help: 'x', labelNames: ['x', 'y'], registers: [register] };
  const counter = new client.Counter({ ...config, name: 'a_total' });
  const histogram = new client.Histogram({ ...config, name: 'b' });
  return (x: unknown, method: 'count' | 'remove') => {
    for (const labels of [{ x, y: '1' }, { x }] as Record<string, string>[]) {
      if (method === 'remove') {
        counter.remove(labels);
        histogram.remove(labels);
      } else {
        counter.inc(labels);
        histogram.observe(labels, 1);
      }
    }
  };
}

test('series with label values of any type can be removed and counted again', async (t) => {
  const { shared, plain } = twinRegistries(t);
  for (const register of [shared, plain]) {
    const act = labelled(register);
    for (const x of [5n, true, 1.5, 7, ['a', 'b'], { toString: () => 'text' }]) {
      for (const method of ['count', 'count', 'remove', 'count'] as const) act(x, method);
    }
  }
  const lines = async (register: Registry) => (await register.metrics()).split('\n').toSorted();
  assert.deepEqual(await lines(shared), await lines(plain));
});

test('a label value without a string form is rejected with the error of prom-client and creates no series', async (t) => {
  const { shared, plain } = twinRegistries(t);
  const outcomes = [shared, plain].map((register) => {
    const act = labelled(register);
    return [Object.create(null), Symbol('s')].map((x) => {
      assert.throws(() => act(x, 'count'), TypeError);
      act('valid', 'count');
      return 'rejected';
    });
  });
  assert.deepEqual(outcomes[0], outcomes[1]);
  assert.equal(await shared.metrics(), await plain.metrics());
  const names = async (register: Registry) => (await register.getMetricsAsJSON()).map(({ name }) => name);
  assert.deepEqual(await names(shared), await names(plain));
});

test('buckets given as strings are converted to numbers, and the slot remains valid', async (t) => {
  const { shared, directory } = twinRegistries(t);
  const buckets = ['0.10', '1.0', '1e1'] as unknown as number[];
  const histogram = new client.Histogram({ name: 'a', help: 'A', buckets, registers: [shared] });
  for (const value of [0.05, 0.5, 5, 50]) histogram.observe(value);
  const text = await shared.metrics();
  assert.deepEqual(
    ['0.1', '1', '10', '+Inf'].map((le) => sample(text, `a_bucket{le="${le}"}`)),
    [1, 2, 3, 4],
  );
  const reader = new TextReader(t, directory);
  assert.deepEqual(
    reader.slots().map(({ error }) => error),
    [undefined],
  );
});

test('the other metrics are shown after the constructor of a metric has thrown', async (t) => {
  const { shared } = twinRegistries(t);
  const config = { name: 'half', help: 'H', labelNames: ['quantile'], registers: [shared] };
  assert.throws(() => new client.Summary(config), /reserved/);
  new client.Counter({ name: 'a_total', help: 'A', registers: [shared] }).inc();
  for (let scrape = 0; scrape < 2; scrape++) assert.equal(sample(await shared.metrics(), 'a_total'), 1);
  assert.ok((await shared.getMetricsAsJSON()).some(({ name }) => name === 'a_total'));
});

test('a default label whose value has no string form is left out', async (t) => {
  const { shared, plain } = twinRegistries(t);
  const make = (register: Registry) =>
    new client.Counter({ name: 'a_total', help: 'A', registers: [register] });
  const counter = make(shared);
  make(plain).inc(2);
  counter.inc();
  shared.setDefaultLabels({ app: Object.create(null), b: 'b' });
  plain.setDefaultLabels({ b: 'b' });
  counter.inc();
  assert.equal(await shared.metrics(), await plain.metrics());
});
