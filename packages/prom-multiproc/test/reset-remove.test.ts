/** What the application takes back: on the whole slot of its process, and on no other. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { AppProcess } from './support/application.ts';
import { sample, samples } from './support/sample.ts';
import { add, COUNTER, HISTOGRAM, openWriter, SUMMARY } from './support/slot-files.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { shareIn } from './support/twin-registries.ts';

/** A process killed after it counted, another alive, and a registry of this process that takes the dead one's slot. */
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

test('reset() takes back all that this slot holds, inherited or counted, and nothing of others', async (t) => {
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

test('resetMetrics() does so to every metric', async (t) => {
  const { register, totals } = await successor(t);
  register.resetMetrics();
  assert.deepEqual(await totals(), OTHERS_ONLY);
});

test('remove() takes back one series of this slot, by values or by names, inherited or counted', async (t) => {
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
  test(`after ${how} the same names registered anew begin at zero in this slot`, async (t) => {
    const { register, make, count, totals } = await successor(t);
    clear(register);
    // Shown whether or not this process has the metric: what others count.
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

test('zero() of a series that was inherited keeps what was inherited: it is made, not taken back', async (t) => {
  const { metrics, totals } = await successor(t);
  metrics.histogram.zero({ route: '/old' });
  assert.equal((await totals())[0]![1], 101);
  metrics.histogram.zero({ route: '/both' });
  assert.equal((await totals())[1]![1], 1);
});

test('metrics of one name in two registries add up, and reset() of one leaves what the other counted', async (t) => {
  const directory = temporaryDirectory(t);
  const registers = [new client.Registry(), new client.Registry()];
  for (const register of registers) shareIn(directory, register);
  const config = { name: 'x_total', help: 'x', labelNames: ['x'] };
  const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve));
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

test('what a process reset and removed stays so after it was killed and its slot taken over', async (t) => {
  const directory = temporaryDirectory(t);
  const other = await AppProcess.start(t, directory);
  await other.call('requests', 'inc', { route: '/a' }, 1);
  const first = await AppProcess.start(t, directory);
  for (const route of ['/a', '/b']) {
    await first.call('requests', 'inc', { route }, 10);
    await first.call('seconds', 'observe', { route }, 1);
  }
  await first.callAndDie('plain', 'inc', 5);
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
