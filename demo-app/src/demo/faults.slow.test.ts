import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { ports, runApp } from '../../../packages/cluster-runtime/test/support/run-app.ts';
import { allReady, statusWhen } from '../../../packages/cluster-runtime/test/support/status.ts';

const MAIN = fileURLToPath(new URL('./testing/ping-main.ts', import.meta.url));
const PATHS = ['error', 'throw', 'abort', 'oom', 'block', 'kill'].map((fault) => `/demo/faults/${fault}`);
PATHS.push('/demo/reload');

test('fault controls exist only with DEMO_CONTROLS=1', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1' });
  const { app: url } = await ports(app);
  for (const path of PATHS) {
    for (const method of ['GET', 'POST']) {
      assert.equal((await fetch(`${url}${path}?ms=1`, { method })).status, 404, `${method} ${path}`);
    }
  }
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  assert.ok(!app.lines.some(({ msg }) => msg === 'worker exited; replacing it'));
});

test('fault controls accept POST only, and a block needs a valid time', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1', DEMO_CONTROLS: '1' });
  const { app: url } = await ports(app);
  for (const path of PATHS) {
    const answer = await fetch(url + path);
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST'], path);
  }
  for (const query of ['', '?ms=', '?ms=x', '?ms=0', '?ms=-1', '?ms=60001']) {
    const answer = await fetch(`${url}/demo/faults/block${query}`, { method: 'POST' });
    assert.equal(answer.status, 400, query);
    assert.equal(await answer.text(), 'ms must be a number above 0 and at most 60000', query);
  }
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
});

for (const [fault, reason, signal] of [
  ['throw', 'uncaught', null],
  ['abort', 'SIGABRT', 'SIGABRT'],
  ['oom', 'oom', 'SIGABRT'],
  ['kill', 'SIGKILL', 'SIGKILL'],
] as const) {
  test(`the fault ${fault} is answered, ends the worker with the reason ${reason}, and the worker is replaced`, async (t) => {
    const app = runApp(t, MAIN, {
      WORKERS: '1',
      DEMO_CONTROLS: '1',
      // Filling the heap takes time, in which the worker must not be killed as stuck.
      WORKER_TIMEOUT_MS: '0',
      NODE_OPTIONS: '--max-old-space-size=64',
    });
    const { app: url, metrics } = await ports(app);
    await statusWhen(metrics, allReady);
    const answer = await fetch(`${url}/demo/faults/${fault}`, { method: 'POST' });
    assert.equal(answer.status, 202);
    const { pid } = (await answer.json()) as { pid: number };
    const exit = await app.line('worker exited; replacing it');
    assert.deepEqual([exit.worker_pid, exit.reason, exit.signal], [pid, reason, signal]);
    await statusWhen(metrics, (status) => allReady(status) && status.workers[0]!.pid !== pid);
    const successor = await app.line('starting a worker', 2);
    assert.ok(
      String(exit.ended_at) <= String(successor.time),
      'ended_at is before the start of the replacement, although it is logged later',
    );
    if (fault === 'throw') assert.match(String((await app.line('uncaught exception')).error), /on demand/);
  });
}

test('POST /demo/reload reloads all workers', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1', DEMO_CONTROLS: '1' });
  const { app: url, metrics } = await ports(app);
  assert.equal((await fetch(`${url}/demo/reload`, { method: 'POST' })).status, 202);
  const { reload } = await statusWhen(metrics, (status) => status.reload.ended === 1);
  assert.equal(reload.error, '');
});
