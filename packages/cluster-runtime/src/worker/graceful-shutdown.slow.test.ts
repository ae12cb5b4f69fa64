import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../../prom-multiproc/test/support/poll.ts';
import { exited } from '../../test/support/exited.ts';
import { ports, type RunningApp, runApp } from '../../test/support/run-app.ts';
import { allReady, statusOf, statusWhen } from '../../test/support/status.ts';

const SLOW = fileURLToPath(new URL('../../test/support/slow-app.ts', import.meta.url));

interface Answer {
  readonly res: IncomingMessage;
  readonly body: string;
}

function begin(url: string, agent: Agent, method: string) {
  const req = request(url, { agent, method });
  const answer = new Promise<Answer>((resolve, reject) => {
    req.on('response', (res) => {
      let body = '';
      res.on('data', (chunk) => {
        body += chunk;
      });
      res.on('end', () => resolve({ res, body }));
      res.on('error', reject);
    });
    req.on('error', reject);
  });
  return { req, answer };
}

function get(url: string, agent: Agent): Promise<Answer> {
  const { req, answer } = begin(url, agent, 'GET');
  req.end();
  return answer;
}

/** A request that a worker has begun, and answers after `release()`. */
async function hold(app: RunningApp, url: string, agent: Agent) {
  const { req, answer } = begin(`${url}/held`, agent, 'POST');
  req.flushHeaders();
  await app.line('held request begun');
  return { answer, release: () => void req.end() };
}

test('on SIGTERM readiness fails first, requests in flight finish, and the exit code is 0', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_WAIT_MS: '4000' });
  const { app: url } = await ports(app);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const held = await hold(app, url, agent);
  app.child.kill('SIGTERM');
  await app.line('draining');

  // The port still accepts connections, and responses carry `Connection: close`.
  let ready = await fetch(`${url}/readyz`);
  while (ready.status === 200) ready = await fetch(`${url}/readyz`);
  assert.deepEqual([ready.status, await ready.text()], [503, 'draining']);
  assert.equal(ready.headers.get('connection'), 'close');

  held.release();
  const { res, body } = await held.answer;
  assert.deepEqual([res.statusCode, body, res.headers.connection], [200, 'done', 'close']);
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('close() of the application is called once, after the last response and before the exit', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url } = await ports(app);
  // The worker may not drain yet when it answers, and would wait for an idle connection.
  const agent = new Agent({ keepAlive: false });
  t.after(() => agent.destroy());
  const held = await hold(app, url, agent);
  app.child.kill('SIGTERM');
  await app.line('draining');
  held.release();
  assert.equal((await held.answer).body, 'done');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
  // The order of the worker's own lines: this process may read the response later than the line of close().
  const order = app.lines
    .map(({ msg }) => msg)
    .filter((msg) => ['held request answered', 'closed'].includes(msg));
  assert.deepEqual(order, ['held request answered', 'closed']);
});

test('a request on an idle keep-alive connection is served during the drain, with Connection: close', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url } = await ports(app);
  const [idle, busy] = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 1 })) as [Agent, Agent];
  t.after(() => {
    idle.destroy();
    busy.destroy();
  });
  await get(`${url}/pid`, idle);
  const held = await hold(app, url, busy);
  app.child.kill('SIGTERM');
  // The port is closed as soon as a new connection is refused.
  await until('the closed port', () =>
    fetch(`${url}/pid`, { headers: { connection: 'close' } }).then(
      () => false,
      () => true,
    ),
  );
  const late = await get(`${url}/pid`, idle);
  assert.deepEqual([late.res.statusCode, late.res.headers.connection], [200, 'close']);
  held.release();
  assert.equal((await held.answer).body, 'done');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('a connection that stays open is cut at the deadline, and the exit code is still 0', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '300' });
  const { app: url } = await ports(app);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await get(`${url}/pid`, agent);
  app.child.kill('SIGTERM');
  assert.equal((await app.line('drain deadline exceeded; closing connections')).connections, 1);
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('a worker that does not drain is killed after the deadline', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '200' });
  const { app: url } = await ports(app);
  fetch(`${url}/block`).catch(() => {});
  await app.line('blocking');
  app.child.kill('SIGTERM');
  await app.line('drain deadline exceeded; killing workers');
  assert.equal((await app.line('worker exited')).signal, 'SIGKILL');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('a second signal ends the application at once, with the exit code of the signal', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url, metrics } = await ports(app);
  const { workers } = await statusOf(metrics);
  fetch(`${url}/block`).catch(() => {});
  await app.line('blocking');
  app.child.kill('SIGINT');
  await app.line('draining');
  app.child.kill('SIGINT');
  assert.deepEqual(await app.exit(), { code: 130, signal: null });
  await exited(workers.map((w) => w.pid));
});

test('a worker that receives SIGTERM drains on its own and is replaced', async (t) => {
  const app = runApp(t, SLOW);
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  process.kill(workers[0]!.pid, 'SIGTERM');
  // If the worker exits late, it was replaced before, and its exit starts no other worker.
  const exit = await until('its exit', () =>
    app.lines.find((line) => line.worker_pid === workers[0]!.pid && line.code !== undefined),
  );
  assert.equal(exit.code, 0);
  await statusWhen(metrics, (s) => allReady(s) && s.workers.every((w) => w.pid !== workers[0]!.pid));
});

test('a worker that receives SIGTERM is replaced while it still drains', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url, metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const held = await hold(app, url, agent);
  process.kill(workers[0]!.pid, 'SIGTERM');
  await app.line('worker ready', 2);
  assert.ok(!app.lines.some(({ msg }) => msg === 'worker exited'), 'it still drains');
  held.release();
  assert.equal((await held.answer).body, 'done');
  agent.destroy();
  const ended = await app.line('worker exited');
  assert.deepEqual([ended.worker_pid, ended.code, ended.reason], [workers[0]!.pid, 0, 'sigterm']);
  const { workers: now } = await statusWhen(metrics, allReady);
  assert.notEqual(now[0]!.pid, workers[0]!.pid);
});
