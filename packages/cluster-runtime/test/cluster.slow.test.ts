import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { exited } from './support/exited.ts';
import { ports, type RunningApp, runApp } from './support/run-app.ts';
import { allReady, statusOf, statusWhen } from './support/status.ts';

const MAIN = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));
const SLOW = fileURLToPath(new URL('./support/slow-app.ts', import.meta.url));

test('a killed worker is replaced at once, and the metrics server keeps answering', async (t) => {
  const app = runApp(t, MAIN);
  const { metrics } = await ports(app);
  const before = await statusWhen(metrics, allReady);
  process.kill(before.workers[0]!.pid, 'SIGKILL');
  const exit = await app.line('worker exited; replacing it');
  assert.deepEqual([exit.signal, exit.delay_ms], ['SIGKILL', 0]);
  const after = await statusWhen(
    metrics,
    (s) => allReady(s) && s.workers.every((w) => w.pid !== exit.worker_pid),
  );
  assert.equal(after.workers.length, 2);
  assert.equal(after.primary.pid, before.primary.pid);
});

test('workers do not outlive a killed primary', async (t) => {
  const app = runApp(t, SLOW);
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  app.child.kill('SIGKILL');
  await app.exit();
  await exited(workers.map((w) => w.pid));
});

test('the metrics server shows all counts while every worker is stopped or blocked', async (t) => {
  const app = runApp(t, MAIN, {
    // No worker is killed, so a response that waited for a worker would never come.
    WORKER_TIMEOUT_MS: '0',
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
  });
  const { app: url, metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  for (let i = 0; i < 10; i++) await (await fetch(`${url}/ping`)).text();
  const block = await fetch(`${url}/block?ms=60000`, { method: 'POST' });
  const blocked = Number(await block.text());
  for (const { pid } of workers) if (pid !== blocked) process.kill(pid, 'SIGSTOP');
  for (const [path, expected] of [
    ['/metrics', /^ping_responses_total\{status="200"\} 10$/m],
    ['/metrics/workers/0', /\n$/],
    ['/status', /"ready"/],
  ] as const) {
    const answer = await fetch(metrics + path, { signal: AbortSignal.timeout(60_000) });
    assert.equal(answer.status, 200, path);
    assert.match(await answer.text(), expected);
  }
});

async function runWithTakenPort(t: Parameters<typeof runApp>[0]): Promise<RunningApp> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => void other.close());
  const { port } = other.address() as AddressInfo;
  return runApp(t, MAIN, { WORKERS: '1', PORT: String(port), GIVE_UP_MS: '15000' });
}

test('workers that fail repeatedly are started with backoff, and the primary gives up with exit code 1', async (t) => {
  const app = await runWithTakenPort(t);
  const server = await app.line('metrics server listening');
  await app.line('worker exited; replacing it', 3);
  // The metrics server answers although no worker became ready.
  const status = await statusOf(`http://127.0.0.1:${server.port}`);
  assert.ok(status.workers.every((w) => w.state === 'starting'));
  assert.deepEqual(await app.exit(), { code: 1, signal: null });
  const delays = app.lines
    .filter((l) => l.msg === 'worker exited; replacing it')
    .map((l) => l.delay_ms as number);
  assert.deepEqual(delays.slice(0, 3), [0, 100, 200]);
  assert.equal(app.lines.at(-1)?.msg, 'giving up: no worker stayed up');
  assert.match(JSON.stringify(app.lines), /cannot listen on 127\.0\.0\.1:\d+.*EADDRINUSE/);
});

test('an invalid setting ends the start with the value and the allowed values', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: 'many' });
  assert.match(String((await app.line('cannot start')).error), /^WORKERS="many": set a whole number/);
  assert.deepEqual(await app.exit(), { code: 1, signal: null });
});

test('a metrics port that is in use ends the start with a failure', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const app = runApp(t, MAIN, { METRICS_PORT: String((other.address() as AddressInfo).port) });
  assert.match(String((await app.line('cannot start')).error), /EADDRINUSE/);
  assert.deepEqual(await app.exit(), { code: 1, signal: null });
});
