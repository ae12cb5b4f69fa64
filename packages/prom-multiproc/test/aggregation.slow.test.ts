/** Aggregating the output of several processes gives the totals once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import client from 'prom-client';
import { ownMetrics, ownMetricsAsJSON, share } from '../src/index.ts';
import { totalsOnce } from '../src/process/aggregated-once.ts';
import { forkShared, type SharedProcess } from './support/fork-shared.ts';
import { installedApplication } from './support/installed-application.ts';
import { sample } from './support/sample.ts';
import { sharedRegistry } from './support/shared-registry.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const COUNT = `
  globalThis.x = new Counter({ name: 'x_total', help: 'x', labelNames: ['a'] });
  globalThis.h = new Histogram({ name: 'h', help: 'x', buckets: [1] });
  globalThis.m = new Gauge({ name: 'm', help: 'x', aggregator: 'max' });
  globalThis.r = new Gauge({ name: 'r', help: 'x', aggregator: 'mostrecent' });
  x.inc({ a: '1' }, 5); h.observe(0.5); m.set(7); r.set(8);
`;
const SHARING = `share(register); ${COUNT}`;
const JSON_OF = 'register.getMetricsAsJSON()';

async function processes(t: TestContext, count: number) {
  const directory = temporaryDirectory(t);
  return Promise.all(Array.from({ length: count }, () => forkShared(t, directory, SHARING)));
}

async function aggregated(lists: unknown[]): Promise<string> {
  share(client.register); // This process does not share, because PROMETHEUS_MULTIPROC_DIR is not set.
  return client.AggregatorRegistry.aggregate(lists as never).metrics();
}

function assertTotals(text: string, count: number): void {
  assert.equal(sample(text, 'x_total{a="1"}'), 5 * count, text);
  assert.equal(sample(text, 'h_count'), count);
  assert.equal(sample(text, 'm'), 7);
  assert.equal(sample(text, 'r'), 8);
}

test('aggregate() of JSON sent over IPC gives the totals once, in a process that does not share', async (t) => {
  const all = await processes(t, 3);
  assertTotals(await aggregated(await Promise.all(all.map((one) => one.evaluate(JSON_OF)))), 3);
});

test('aggregate() of structured clones, as sent between threads, gives the totals once', async (t) => {
  const all = await processes(t, 2);
  const lists = await Promise.all(all.map((one) => one.evaluate(JSON_OF)));
  assertTotals(await aggregated(lists.map((list) => structuredClone(list))), 2);
});

for (const [what, load] of [
  ['a second copy of the client', "require('./other').AggregatorRegistry"],
  ['the other client', "require('@prometheus-io/client').AggregatorRegistry"],
] as const) {
  for (const [when, program] of [
    ['loaded before', `const aggregating = ${load}; require('prom-multiproc').share(register);`],
    ['loaded after', `require('prom-multiproc').share(register); const aggregating = ${load};`],
  ] as const) {
    test(`aggregate() of ${what}, ${when} share(register), gives the totals once`, async (t) => {
      const all = await processes(t, 2);
      const lists = await Promise.all(all.map((one) => one.evaluate(JSON_OF)));
      const { result } = await installedApplication(t).run<string>(
        `const { register } = require('prom-client'); ${program}
        aggregating.aggregate(${JSON.stringify(lists)}).metrics().then((text) => console.log(JSON.stringify(text)));`,
      );
      assertTotals(result, 2);
    });
  }
}

test('aggregate() uses the latest totals, in any order of the lists', async (t) => {
  const [one, two] = (await processes(t, 2)) as [SharedProcess, SharedProcess];
  const early = await one.evaluate(JSON_OF);
  await two.evaluate("x.inc({ a: '1' }, 100)");
  const late = await two.evaluate(JSON_OF);
  for (const lists of [
    [early, late],
    [late, early],
  ]) {
    assert.equal(sample(await aggregated(lists), 'x_total{a="1"}'), 110);
  }
});

test('aggregate() adds the counts of processes that do not share to the totals, as during a rollout', async (t) => {
  const sharing = await processes(t, 2);
  const plain = await forkShared(t, undefined, COUNT);
  const lists = await Promise.all([...sharing, plain].map((one) => one.evaluate(JSON_OF)));
  assert.equal(sample(await aggregated(lists), 'x_total{a="1"}'), 15);
  assert.equal(sample(await aggregated([lists[2], lists[0], lists[1]]), 'h_count'), 3);
});

test('aggregate() sums the totals of two applications with different directories', async (t) => {
  const lists = await Promise.all(
    [...(await processes(t, 2)), ...(await processes(t, 2))].map((one) => one.evaluate(JSON_OF)),
  );
  assert.equal(sample(await aggregated(lists), 'x_total{a="1"}'), 20);
});

test('ownMetrics() and ownMetricsAsJSON() of all processes sum to the totals', async (t) => {
  const all = await processes(t, 2);
  await all[0]!.evaluate("x.inc({ a: '1' }, 1)");
  const texts = await Promise.all(all.map((one) => one.evaluate<string>('ownMetrics(register)')));
  assert.deepEqual(
    texts.map((text) => sample(text, 'x_total{a="1"}')),
    [6, 5],
  );
  const parts = await Promise.all(all.map((one) => one.evaluate<unknown[]>('ownMetricsAsJSON(register)')));
  assert.equal(sample(await aggregated(parts), 'x_total{a="1"}'), 11);
  // With the totals in the list, they are not added again.
  const totals = await all[0]!.evaluate<unknown[]>(JSON_OF);
  assert.equal(sample(await aggregated([...parts, totals]), 'x_total{a="1"}'), 11);
});

test('ownMetrics() shows the own counts of a process that does not share, and nothing before the first count', async (t) => {
  const plain = await forkShared(t, undefined, COUNT);
  assert.equal(sample(await plain.evaluate<string>('ownMetrics()'), 'x_total{a="1"}'), 5);
  const { register } = sharedRegistry(t);
  new client.Counter({ name: 'x_total', help: 'x', labelNames: ['a'], registers: [register] });
  assert.equal(sample(await ownMetrics(register), 'x_total'), undefined);
  assert.deepEqual(await ownMetricsAsJSON(register), []);
});

test('totalsOnce() does not change getMetricsAsJSON() results that contain no shared totals', () => {
  const lists = [[{ name: 'a' }], [{ name: 'a' }]];
  assert.equal(totalsOnce(lists), lists);
});

/** A Pushgateway that keeps the last push to each path. */
async function pushgateway(t: TestContext) {
  const pushed = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    pushed.set(request.url!, Buffer.concat(chunks).toString());
    response.end();
  }).listen(0, '127.0.0.1');
  t.after(() => void server.close());
  await once(server, 'listening');
  return { pushed, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('pushes of all processes under one grouping key leave the totals there once', async (t) => {
  const { pushed, url } = await pushgateway(t);
  for (const one of await processes(t, 2)) {
    await one.evaluate(
      `new client.Pushgateway('${url}').pushAdd({ jobName: 'a', groupings: { instance: 'host' } }).then(() => 0)`,
    );
  }
  assert.deepEqual([...pushed.keys()], ['/metrics/job/a/instance/host']);
  assertTotals([...pushed.values()][0]!, 2);
});

test('if each process pushes under its own grouping key, all pushes but the first are rejected, and the message says what to do', async (t) => {
  const { pushed, url } = await pushgateway(t);
  const all = await processes(t, 3);
  const push = (method: string, id: number) =>
    `new client.Pushgateway('${url}').${method}({ jobName: 'a', groupings: { worker: ${id} } }).then(() => 'pushed', (e) => e.message)`;
  const answers: string[] = [];
  for (const [i, one] of all.entries())
    answers.push(await one.evaluate<string>(push(i % 2 ? 'push' : 'pushAdd', i)));
  assert.equal(answers[0], 'pushed');
  for (const answer of answers.slice(1)) {
    assert.match(
      answer,
      /push under .*"worker":"[12]".* rejected: another process pushes the same totals under .*"worker":"0".* send the text of ownMetrics\(\) yourself/,
    );
    assert.match(answer, /Push from one process only, or under the same grouping key/);
  }
  assert.deepEqual([...pushed.keys()], ['/metrics/job/a/worker/0']);
  assertTotals([...pushed.values()][0]!, 3);
  assert.equal(sample(await all[1]!.evaluate<string>('register.metrics()'), 'pushed'), undefined);
  // Another process may push after that process has ended.
  await all[0]!.kill();
  assert.equal(await all[1]!.evaluate<string>(push('push', 1)), 'pushed');
});
