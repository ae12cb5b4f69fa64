import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { change, copyOfApp } from './support/app-copy.ts';
import { ports, runApp } from './support/run-app.ts';
import { allReady, pids, statusOf, statusWhen } from './support/status.ts';

const MAIN = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));

test('a worker that never becomes ready is killed and replaced while others serve', async (t) => {
  const source = copyOfApp(t);
  const app = runApp(t, join(source, 'main.ts'), { START_TIMEOUT_MS: '15000' });
  const { app: url, metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  change(join(source, 'app/routes.ts'), 'export function', 'for (;;);\nexport function');
  process.kill(workers[0]!.pid, 'SIGKILL');
  await app.line('killing a worker that is not ready in time');
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  change(join(source, 'app/routes.ts'), 'for (;;);\n', '');
  const after = await statusWhen(metrics, allReady);
  assert.ok(pids(after).includes(workers[1]!.pid));
});

test('a stopped worker is killed and replaced', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1', WORKER_TIMEOUT_MS: '1500' });
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  process.kill(workers[0]!.pid, 'SIGSTOP');
  const exit = await app.line('worker exited; replacing it');
  assert.deepEqual([exit.worker_pid, exit.reason, exit.delay_ms], [workers[0]!.pid, 'stuck', 0]);
  await statusWhen(metrics, (status) => allReady(status) && !pids(status).includes(workers[0]!.pid));
});

test('a worker whose event loop is blocked is killed and replaced; with a timeout of 0 it is not', async (t) => {
  const env = { WORKERS: '1' };
  const app = runApp(t, MAIN, { ...env, WORKER_TIMEOUT_MS: '1500' });
  const patient = runApp(t, MAIN, { ...env, WORKER_TIMEOUT_MS: '0' });
  const block = async ({ app: url }: { app: string }) =>
    assert.equal((await fetch(`${url}/block?ms=6000`, { method: 'POST' })).status, 202);
  await block(await ports(patient));
  await block(await ports(app));
  assert.equal((await app.line('worker exited; replacing it')).reason, 'stuck');
  // The worker was not killed, so it answers again after the block.
  const { app: url, metrics } = await ports(patient);
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  assert.match(await (await fetch(`${metrics}/status`)).text(), /"ready"/);
  assert.ok(!patient.lines.some(({ msg }) => msg === 'worker exited; replacing it'));
});

test('a primary that was stopped itself kills no worker when it continues', async (t) => {
  const app = runApp(t, MAIN, { WORKER_TIMEOUT_MS: '3000' });
  const { app: url, metrics } = await ports(app);
  const before = await statusWhen(metrics, allReady);
  app.child.kill('SIGSTOP');
  const hungUntil = performance.now() + 5000;
  // Workers serve without the primary.
  while (performance.now() < hungUntil) assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  app.child.kill('SIGCONT');
  const seen = performance.now() + 4500;
  let after = await statusOf(metrics);
  while (performance.now() < seen) after = await statusOf(metrics);
  assert.deepEqual([pids(after), allReady(after)], [pids(before), true]);
});

test('a worker is replaced at its limit of requests, one at a time, after its successor is ready', async (t) => {
  const app = runApp(t, MAIN, {
    MAX_REQUESTS: '20',
    MAX_REQUESTS_JITTER: '5',
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
  });
  const { app: url, metrics } = await ports(app);
  const before = await statusWhen(metrics, allReady);
  const most: number[] = [];
  let answered = 0;
  await until('three recycled workers', async () => {
    const answer = await fetch(`${url}/ping`, { headers: { connection: 'close' } });
    assert.equal(await answer.text(), 'Pong');
    answered += 1;
    most.push((await statusOf(metrics)).workers.length);
    return app.lines.filter(({ reason }) => reason === 'recycle').length >= 3;
  });
  assert.ok(Math.max(...most) <= before.workersDesired + 1);
  assert.ok(app.lines.some(({ why }) => /^\d+ requests, limit 2[0-5]$/.test(String(why))));
  const text = await (await fetch(`${metrics}/metrics`)).text();
  assert.match(text, new RegExp(`^ping_responses_total{status="200"} ${answered}$`, 'm'));
});

test('a worker is replaced at the limit of memory', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1', MAX_MEMORY_MB: '10' });
  const { metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  const replacing = await app.line('replacing a worker');
  assert.match(String(replacing.why), /^\d+ MB of memory, limit 10 MB$/);
  const ended = await app.line('worker exited');
  assert.deepEqual([ended.reason, ended.code], ['recycle', 0]);
});

test('without limits no worker is recycled, and /metrics has the series of the operation', async (t) => {
  const app = runApp(t, MAIN, { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  for (let i = 0; i < 50; i++) await (await fetch(`${url}/ping`)).text();
  // The last request ends, and the event loops are sampled, shortly after the responses.
  const shown = [
    /^app_workers_busy 0$/m,
    /^app_requests_in_flight 0$/m,
    /^nodejs_eventloop_delay_seconds_count [1-9]/m,
    /^app_primary_eventloop_delay_seconds_count [1-9]/m,
  ];
  const text = await until(`each of ${shown.join(' ')}`, async () => {
    const scraped = await (await fetch(`${metrics}/metrics`)).text();
    return shown.every((line) => line.test(scraped)) && scraped;
  });
  for (const line of shown) assert.match(text, line);
  assert.match(text, /^app_worker_starts_total\{reason="recycle"\} 0$/m);
});

test('the primary waits for workers that take longer to start than GIVE_UP_MS', async (t) => {
  const source = copyOfApp(t);
  const slow = 'const from = Date.now();\nwhile (Date.now() - from < 3000);\n';
  change(join(source, 'app/routes.ts'), 'export function', `${slow}export function`);
  const app = runApp(t, join(source, 'main.ts'), { GIVE_UP_MS: '1000' });
  await statusWhen((await ports(app)).metrics, allReady);
  assert.ok(!app.lines.some(({ level }) => level === 'error'), JSON.stringify(app.lines));
});
