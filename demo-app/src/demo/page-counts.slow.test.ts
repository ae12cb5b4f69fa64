import assert from 'node:assert/strict';
import { chmodSync, chownSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ports, runApp } from '../../../packages/cluster-runtime/test/support/run-app.ts';
import { allReady, statusWhen } from '../../../packages/cluster-runtime/test/support/status.ts';
import { until } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { atMostEvery, type Counts, READ_EVERY_MS } from './page-counts.ts';

const MAIN = fileURLToPath(new URL('./testing/ping-main.ts', import.meta.url));

async function ping(url: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const answer = await fetch(`${url}/ping`, { headers: { Connection: 'close' } });
    assert.equal(await answer.text(), 'Pong');
  }
}

async function countsOf(url: string): Promise<Counts> {
  const answer = await fetch(`${url}/demo/counts`);
  assert.deepEqual(
    [answer.status, answer.headers.get('cache-control'), answer.headers.get('connection')],
    [200, 'no-store', 'close'],
  );
  return (await answer.json()) as Counts;
}

/** Reads the counts at the interval of the page until `wanted` returns true. */
function countsWhen(url: string, wanted: (seen: Counts[]) => boolean): Promise<Counts[]> {
  const seen: Counts[] = [];
  return until(
    () => `the wanted counts among ${JSON.stringify(seen)}`,
    async () => {
      seen.push(await countsOf(url));
      return wanted(seen) && seen;
    },
    { deadlineMs: 60_000, everyMs: READ_EVERY_MS },
  );
}

test('each worker shows its own count and the same total, and a killed worker does not lower the total', async (t) => {
  const PROMETHEUS_MULTIPROC_DIR = temporaryDirectory(t);
  const app = runApp(t, MAIN, { WORKERS: '2', DEMO_CONTROLS: '1', PROMETHEUS_MULTIPROC_DIR });
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  await ping(url, 40);
  const seen = await countsWhen(url, (all) => new Set(all.map(({ worker }) => worker)).size === 2);
  const own = new Map(seen.map((one) => [one.worker, one.own]));
  assert.equal(
    [...own.values()].reduce((sum, one) => sum + one),
    40,
  );
  assert.deepEqual(
    new Set(seen.map(({ shared, controls }) => `${shared} ${controls}`)),
    new Set(['40 true']),
  );

  // The worker exits after its response. Until then it may accept a request that it will not answer.
  const killed = await fetch(`${url}/demo/faults/kill`, { method: 'POST', headers: { Connection: 'close' } });
  const { worker } = (await killed.json()) as { worker: number };
  assert.ok(own.has(worker), `${worker}`);
  await app.line('worker exited; replacing it');
  const [last] = (await countsWhen(url, (all) => !own.has(all.at(-1)!.worker))).slice(-1);
  assert.deepEqual([last!.own, last!.shared], [0, 40]);
});

test('before the first ping both counts are 0', async (t) => {
  const PROMETHEUS_MULTIPROC_DIR = temporaryDirectory(t);
  const app = runApp(t, MAIN, { WORKERS: '1', PROMETHEUS_MULTIPROC_DIR });
  const { app: url } = await ports(app);
  assert.deepEqual(await countsOf(url), { worker: 1, own: 0, shared: 0, controls: false });
});

for (const [what, without, env] of [
  ['with METRICS=0', 'off', { METRICS: '0', PROMETHEUS_MULTIPROC_DIR: '/nowhere' }],
  ['without a shared directory', 'unshared', {}],
] as const) {
  test(`${what} there is no total, and the response has the reason`, async (t) => {
    const { app: url } = await ports(runApp(t, MAIN, { WORKERS: '1', ...env }));
    await ping(url, 3);
    assert.deepEqual(await countsOf(url), { worker: 1, own: 3, shared: null, without, controls: false });
  });
}

test('if sharing fails there is no total, and the failure is logged once', async (t) => {
  const PROMETHEUS_MULTIPROC_DIR = temporaryDirectory(t);
  // Root may write anywhere, but readers accept only files of the directory's owner.
  if (process.geteuid?.() === 0) chownSync(PROMETHEUS_MULTIPROC_DIR, 65_534, 65_534);
  else chmodSync(PROMETHEUS_MULTIPROC_DIR, 0o500);
  const app = runApp(t, MAIN, { WORKERS: '1', PROMETHEUS_MULTIPROC_DIR });
  const { app: url } = await ports(app);
  const seen = await countsWhen(url, (all) => all.length === 3);
  for (const { shared, without } of seen) assert.deepEqual([shared, without], [null, 'broken']);
  assert.equal(app.lines.filter(({ msg }) => msg === 'no shared total for the page').length, 1);
});

test('the total is read once per interval', async (t) => {
  let reads = 0;
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  const read = atMostEvery(250, async () => ++reads);
  assert.deepEqual(await Promise.all([read(), read()]), [1, 1]);
  now += 249;
  assert.equal(await read(), 1);
  now += 1;
  assert.equal(await read(), 2);
});

test('with DEMO_PAGE=0 /demo/counts does not exist', async (t) => {
  const app = runApp(t, MAIN, {
    WORKERS: '1',
    DEMO_PAGE: '0',
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
  });
  const { app: url } = await ports(app);
  assert.equal((await fetch(`${url}/ping`)).status, 200);
  assert.equal((await fetch(`${url}/demo/counts`)).status, 404);
});
