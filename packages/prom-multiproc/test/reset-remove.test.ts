/** reset(), remove() and clear() affect the whole slot of the process and no other slot. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { AppProcess } from './support/application.ts';
import { sample, samples } from './support/sample.ts';
import { add, COUNTER, HISTOGRAM, openWriter, SUMMARY } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

/** A registry that takes the slot of a dead process. Another living process has counted in its own slot. */
async function successor(t: TestContext) {
  const directory = temporaryDirectory(t);
  const dead = openWriter(directory);
  for (const route of ['/old', '/both']) {
    add(dead, COUNTER, route, 100);
    add(dead, HISTOGRAM, route, 100, 40, 30, 20, 10);
    add(dead, SUMMARY, route, 100, 100);
  }
  const other = openWriter(directory);
  for (const route of ['/old', '/both']) {
    add(other, COUNTER, route, 1);
    add(other, HISTOGRAM, route, 1, 1, 0, 0, 0);
    add(other, SUMMARY, route, 1, 1);
  }
  t.after(() => other.close());
  dead.close();
  const register = new client.Registry();
  const config = { help: 'x', labelNames: ['route'], registers: [register] };
  const make = () => ({
    counter: new client.Counter({ ...config, name: COUNTER.name }),
    histogram: new client.Histogram({ ...config, name: HISTOGRAM.name, buckets: [1, 2, 4] }),
    summary: new client.Summary({ ...config, name: SUMMARY.name, percentiles: [] }),
  });
  const metrics = make();
  shareIn(directory, register);
  const count = (of: ReturnType<typeof make>) => {
    of.counter.inc({ route: '/both' }, 10);
    for (let i = 0; i < 10; i++) {
      of.histogram.observe({ route: '/both' }, 1);
      of.summary.observe({ route: '/both' }, 1);
    }
  };
  count(metrics);
  const totals = async () => {
    const text = await register.metrics();
    return ['/old', '/both'].map((route) =>
      [COUNTER.name, `${HISTOGRAM.name}_count`, `${SUMMARY.name}_count`].map((name) =>
        sample(text, `${name}{route="${route}"}`),
      ),
    );
  };
  assert.deepEqual(await totals(), [
    [101, 101, 101],
    [111, 111, 111],
  ]);
  return { directory, register, metrics, make, count, totals };
}

const OTHERS_ONLY = [
  [1, 1, 1],
  [1, 1, 1],
];

test('reset() removes the inherited and own counts of this slot and no counts of other slots', async (t) => {
  const { metrics, totals } = await successor(t);
  const child = metrics.counter.labels('/both');
  for (const metric of Object.values(metrics)) metric.reset();
  assert.deepEqual(await totals(), OTHERS_ONLY);
  child.inc(2);
  metrics.histogram.observe({ route: '/old' }, 3);
  metrics.summary.observe({ route: '/both' }, 3);
  assert.deepEqual(await totals(), [
    [1, 2, 1],
    [3, 1, 2],
  ]);
});

test('resetMetrics() resets every metric', async (t) => {
  const { register, totals } = await successor(t);
  register.resetMetrics();
  assert.deepEqual(await totals(), OTHERS_ONLY);
});

test('remove() removes one inherited or own series of this slot, given by label values or by an object', async (t) => {
  const { metrics, totals } = await successor(t);
  for (const metric of Object.values(metrics)) {
    metric.remove('/old');
    assert.throws(() => metric.remove('/old', 'one too many'), /Invalid number of arguments/);
    assert.throws(() => metric.remove({ nosuch: '/both' } as never), /not included in initial labelset/);
  }
  assert.deepEqual(await totals(), [
    [1, 1, 1],
    [111, 111, 111],
  ]);
  for (const metric of Object.values(metrics)) metric.remove({ route: '/both' });
  assert.deepEqual(await totals(), OTHERS_ONLY);
});

for (const [how, clear] of [
  ['clear()', (register: client.Registry) => register.clear()],
  [
    'removeSingleMetric()',
    (register: client.Registry) => {
      for (const { name } of [COUNTER, HISTOGRAM, SUMMARY]) register.removeSingleMetric(name);
    },
  ],
] as const) {
  test(`after ${how}, metrics registered again with the same names start at zero in this slot`, async (t) => {
    const { register, make, count, totals } = await successor(t);
    clear(register);
    // The counts of other processes are shown although this process does not have the metric.
    assert.deepEqual(samples(await register.metrics(), COUNTER.name), [
      'requests_total{route="/old"} 1',
      'requests_total{route="/both"} 1',
    ]);
    const anew = make();
    assert.deepEqual(await totals(), OTHERS_ONLY);
    count(anew);
    assert.deepEqual(await totals(), [
      [1, 1, 1],
      [11, 11, 11],
    ]);
  });
}

test('zero() keeps the counts of an inherited series and resets an own one', async (t) => {
  const { metrics, totals } = await successor(t);
  metrics.histogram.zero({ route: '/old' });
  assert.equal((await totals())[0]![1], 101);
  metrics.histogram.zero({ route: '/both' });
  assert.equal((await totals())[1]![1], 1);
});

test('metrics with the same name in two registries are summed, and reset() of one keeps the counts of the other', async (t) => {
  const directory = temporaryDirectory(t);
  const registers = [new client.Registry(), new client.Registry()];
  for (const register of registers) shareIn(directory, register);
  const config = { name: 'x_total', help: 'x', labelNames: ['x'] };
  const { promise: warned, resolve } = Promise.withResolvers<Error & { code?: string }>();
  // Node's own warning of node:ffi is none of the library's.
  const listener = (warning: Error) => warning.name !== 'ExperimentalWarning' && resolve(warning);
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  const [a, b] = registers.map((register) => new client.Counter({ ...config, registers: [register] }));
  const { code, message } = await warned;
  assert.equal(code, 'PROM_MULTIPROC_NAMESAKE');
  assert.match(message, /named x_total/);
  const child = b!.labels('1');
  a!.inc({ x: '1' }, 3);
  child.inc(4);
  const shown = async () =>
    Promise.all(registers.map(async (register) => sample(await register.metrics(), 'x_total{x="1"}')));
  assert.deepEqual(await shown(), [7, 7]);
  a!.reset();
  assert.deepEqual(await shown(), [4, 4]);
  child.inc(5);
  assert.deepEqual(await shown(), [9, 9]);
  registers[0]!.clear();
  child.inc(1);
  assert.equal((await shown())[1], 10);
});

test('reset and removed series remain so after the slot is taken over', async (t) => {
  const directory = temporaryDirectory(t);
  const other = await AppProcess.start(t, directory);
  await other.call('requests', 'inc', { route: '/a' }, 1);
  const first = await AppProcess.start(t, directory);
  for (const route of ['/a', '/b']) {
    await first.call('requests', 'inc', { route }, 10);
    await first.call('seconds', 'observe', { route }, 1);
  }
  await first.callAndKill('plain', 'inc', 5);
  const second = await AppProcess.start(t, directory);
  await second.call('plain', 'inc');
  await second.call('plain', 'reset');
  await second.call('requests', 'remove', { route: '/a' });
  await second.call('seconds', 'reset');
  await second.kill();
  const third = await AppProcess.start(t, directory);
  await third.call('plain', 'inc', 2);
  for (const text of await Promise.all([other.metrics(), third.metrics()])) {
    assert.equal(sample(text, 'plain_total'), 2);
    assert.equal(sample(text, 'requests_total{route="/a"}'), 1);
    assert.equal(sample(text, 'requests_total{route="/b"}'), 10);
    assert.deepEqual(samples(text, 'seconds_count'), []);
  }
});
