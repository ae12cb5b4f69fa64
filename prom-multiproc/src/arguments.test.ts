import assert from 'node:assert/strict';
import { test } from 'node:test';
import client, { type Registry } from 'prom-client';
import { twinRegistries } from './testing/twin-registries.ts';

test('arguments and errors are those of prom-client', (t) => {
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
