/** Every process shows the same totals, by each method and whichever metrics it has created itself. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { forkShared } from './support/fork-shared.ts';
import { sample, samples } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const MAKE = `
  globalThis.x = new Counter({ name: 'x_total', help: 'x', labelNames: ['a'] });
  globalThis.g = new Gauge({ name: 'g', help: 'x' });
  globalThis.h = new Histogram({ name: 'h', help: 'x', buckets: [1] });
  globalThis.s = new Summary({ name: 's', help: 'x' });
`;
const COUNT = "x.inc({ a: '1' }, 2); g.set(3); h.observe(0.5); s.observe(7);";

/** Expressions that return everything a process shows, as text. */
const TEXT = {
  'metrics()': 'register.metrics()',
  'clusterMetrics()': 'new client.AggregatorRegistry().clusterMetrics()',
  'clusterMetrics() of set registries':
    'client.AggregatorRegistry.setRegistries([register]), new client.AggregatorRegistry().clusterMetrics()',
  'merge()': 'Registry.merge([register, new Registry()]).metrics()',
  'getSingleMetricAsString()':
    "Promise.all(['x_total', 'g', 'h', 's'].map((name) => register.getSingleMetricAsString(name))).then((all) => all.join('\\n'))",
  'getMetricsAsJSON()': `register.getMetricsAsJSON().then((all) => client.AggregatorRegistry.aggregate([all]).metrics())`,
};

const lines = (text: string) =>
  text.split('\n').filter((line) => line !== '' && !line.includes('prom_multiproc'));

test('each method shows the same in processes that created all, some or none of the metrics', async (t) => {
  const directory = temporaryDirectory(t);
  const counting = await forkShared(t, directory, `share(register); ${MAKE} ${COUNT}`);
  const idle = await forkShared(t, directory, `share(register); ${MAKE}`);
  const some = await forkShared(
    t,
    directory,
    "share(register); new Counter({ name: 'x_total', help: 'x', labelNames: ['a'] });",
  );
  const none = await forkShared(t, directory, 'share(register);');
  const right = lines(await counting.evaluate<string>(TEXT['metrics()'])).toSorted();
  assert.equal(right.includes('x_total{a="1"} 2'), true);
  for (const [who, process] of Object.entries({ counting, idle, some, none })) {
    for (const [how, expression] of Object.entries(TEXT)) {
      const shown = lines(await process.evaluate<string>(expression)).toSorted();
      assert.deepEqual(shown, right, `${how} of the process ${who}`);
    }
  }
  await counting.kill();
  for (const process of [idle, some, none]) {
    assert.equal(sample(await process.evaluate<string>('register.metrics()'), 'x_total{a="1"}'), 2);
  }
});

test("clusterMetrics() includes the primary's own metrics, but only of the registries passed to setRegistries()", async (t) => {
  const directory = temporaryDirectory(t);
  const showing = await forkShared(
    t,
    directory,
    `
    globalThis.other = new Registry(); globalThis.all = new client.AggregatorRegistry();
    share(register); share(other);
    new Counter({ name: 'a_total', help: 'x' }).inc();
    new Counter({ name: 'b_total', help: 'x', registers: [other] }).inc(2);
  `,
  );
  const shown = async (set: string) => {
    const text = await showing.evaluate<string>(`${set}; all.clusterMetrics()`);
    return [sample(text, 'a_total'), sample(text, 'b_total')];
  };
  assert.deepEqual(await shown(''), [1, 2]);
  assert.deepEqual(await shown('client.AggregatorRegistry.setRegistries(register)'), [1, undefined]);
  assert.deepEqual(await shown('client.AggregatorRegistry.setRegistries([other])'), [undefined, 2]);
  assert.deepEqual(await shown('client.AggregatorRegistry.setRegistries([register, other])'), [1, 2]);
  await assert.rejects(() => shown('client.AggregatorRegistry.setRegistries([5])'), /Expected Registry/);
});

for (const selfMetrics of [true, false]) {
  test(`selfMetrics: ${selfMetrics} applies to merged and aggregated registries`, async (t) => {
    const directory = temporaryDirectory(t);
    const showing = await forkShared(
      t,
      directory,
      `
      share(register, { selfMetrics: ${selfMetrics} });
      // The opposite setting of another registry has no effect.
      globalThis.other = new Registry(); share(other, { name: 'other', selfMetrics: ${!selfMetrics} });
      new Counter({ name: 'a_total', help: 'x' }).inc();
    `,
    );
    for (const how of [
      'register.metrics()',
      'Registry.merge([register]).metrics()',
      'Registry.merge([register, new Registry()]).metrics()',
      'Registry.merge([Registry.merge([register])]).metrics()',
      'new client.AggregatorRegistry().clusterMetrics()',
      'register.getMetricsAsJSON().then(JSON.stringify)',
    ]) {
      const text = await showing.evaluate<string>(how);
      assert.match(text, /a_total/, how);
      assert.equal(text.includes('prom_multiproc_'), selfMetrics, how);
    }
  });
}

test('a process that has removed a metric from its registry shows the counts of other processes', async (t) => {
  const directory = temporaryDirectory(t);
  const [one, two] = [
    await forkShared(t, directory, `share(register); ${MAKE} ${COUNT}`),
    await forkShared(t, directory, `share(register); ${MAKE} ${COUNT}`),
  ];
  await one.evaluate("register.removeSingleMetric('x_total')");
  for (const process of [one, two]) {
    assert.deepEqual(samples(await process.evaluate<string>('register.metrics()'), 'x_total'), [
      'x_total{a="1"} 2',
    ]);
  }
  await two.evaluate("register.removeSingleMetric('x_total')");
  assert.deepEqual(samples(await one.evaluate<string>('register.metrics()'), 'x_total'), []);
});

test('clusterMetrics() of a primary that also registers the metric shows the totals of its workers', async (t) => {
  const primary = fork(fileURLToPath(new URL('./support/registering-primary.cjs', import.meta.url)), {
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
  });
  t.after(() => primary.kill('SIGKILL'));
  const [{ text }] = (await once(primary, 'message')) as [{ text: string }];
  assert.equal(sample(text, 'x_total'), 10);
});
