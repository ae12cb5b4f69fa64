import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './testing/app-copy.ts';
import { ports, type RunningApp, runApp } from './testing/run-app.ts';
import { allReady, statusOf, statusWhen } from './testing/status.ts';

const MAIN = fileURLToPath(new URL('./testing/ping-main.ts', import.meta.url));
const SLOW = fileURLToPath(new URL('./testing/slow-app.ts', import.meta.url));

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

function ask(url: string, agent: Agent): Promise<Answer> {
  const { req, answer } = begin(url, agent, 'GET');
  req.end();
  return answer;
}

/** A request that a worker has begun, and answers once it is released. */
async function hold(app: RunningApp, url: string, agent: Agent) {
  const { req, answer } = begin(`${url}/held`, agent, 'POST');
  req.flushHeaders();
  await app.line('held request begun');
  return { answer, release: () => void req.end() };
}

/** Whether only its exit code is left of a process, for whoever adopted it to fetch. */
function isZombie(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

/** Waits until these processes have ended. */
async function gone(pids: number[]): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (const pid of pids) {
    for (;;) {
      try {
        if (isZombie(pid)) break;
      } catch (error) {
        if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) break;
        throw error;
      }
      assert.ok(performance.now() < deadline, `process ${pid} is still there`);
      await delay(20);
    }
  }
}

test('a dead worker is replaced at once, and the metrics door never closes', async (t) => {
  const app = runApp(t, MAIN);
  const { metrics } = await ports(app);
  const before = await statusWhen(metrics, allReady);
  process.kill(before.workers[0]!.pid, 'SIGKILL');
  const died = await app.line('worker died, replacing it');
  assert.deepEqual([died.signal, died.delayMs], ['SIGKILL', 0]);
  const after = await statusWhen(
    metrics,
    (s) => allReady(s) && s.workers.every((w) => w.pid !== died.workerPid),
  );
  assert.equal(after.workers.length, 2);
  assert.equal(after.primary.pid, before.primary.pid);
});

test('SIGTERM: readiness fails first, requests in flight finish, then the exit code is 0', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_WAIT_MS: '4000' });
  const { app: url } = await ports(app);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const held = await hold(app, url, agent);
  app.child.kill('SIGTERM');
  await app.line('draining');

  // The door is still open, but says that it is about to close.
  let ready = await fetch(`${url}/readyz`);
  while (ready.status === 200) ready = await fetch(`${url}/readyz`);
  assert.deepEqual([ready.status, await ready.text()], [503, 'draining']);
  assert.equal(ready.headers.get('connection'), 'close');

  held.release();
  const { res, body } = await held.answer;
  assert.deepEqual([res.statusCode, body, res.headers.connection], [200, 'done', 'close']);
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('what the application holds is closed once, after its last answer and before the process ends', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url } = await ports(app);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  let answered = false;
  const held = await hold(app, url, agent);
  const slow = held.answer.then(() => {
    answered = true;
    agent.destroy();
  });
  app.child.kill('SIGTERM');
  await app.line('draining');
  held.release();
  await app.line('closed');
  // The worker waits until this client has let go, which it does with its answer.
  assert.equal(answered, true);
  await slow;
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
  assert.equal(app.lines.filter(({ msg }) => msg === 'closed').length, 1);
});

test('an idle keep-alive connection is served during the drain, and told to close', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url } = await ports(app);
  const [idle, busy] = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 1 })) as [Agent, Agent];
  t.after(() => {
    idle.destroy();
    busy.destroy();
  });
  await ask(`${url}/pid`, idle);
  const held = await hold(app, url, busy);
  app.child.kill('SIGTERM');
  // The door is closed as soon as a new connection is refused.
  const deadline = performance.now() + 60_000;
  for (;;) {
    const refused = await fetch(`${url}/pid`, { headers: { connection: 'close' } }).then(
      () => false,
      () => true,
    );
    if (refused) break;
    assert.ok(performance.now() < deadline, 'the door stayed open');
  }
  const late = await ask(`${url}/pid`, idle);
  assert.deepEqual([late.res.statusCode, late.res.headers.connection], [200, 'close']);
  held.release();
  assert.equal((await held.answer).body, 'done');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('a connection that never lets go is cut at the deadline, and the exit code is still 0', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '300' });
  const { app: url } = await ports(app);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await ask(`${url}/pid`, agent);
  app.child.kill('SIGTERM');
  assert.equal((await app.line('connections cut at the deadline of the drain')).connections, 1);
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('a worker that does not drain is killed after the deadline', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '200' });
  const { app: url } = await ports(app);
  fetch(`${url}/block`).catch(() => {});
  await app.line('blocking');
  app.child.kill('SIGTERM');
  await app.line('killing workers that outstayed the drain');
  assert.equal((await app.line('worker ended')).signal, 'SIGKILL');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('a second signal ends at once, and the exit code tells', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url, metrics } = await ports(app);
  const { workers } = await statusOf(metrics);
  fetch(`${url}/block`).catch(() => {});
  await app.line('blocking');
  app.child.kill('SIGINT');
  await app.line('draining');
  app.child.kill('SIGINT');
  assert.deepEqual(await app.exit(), { code: 130, signal: null });
  await gone(workers.map((w) => w.pid));
});

test('a worker sent SIGTERM drains by itself and is replaced', async (t) => {
  const app = runApp(t, SLOW);
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  process.kill(workers[0]!.pid, 'SIGTERM');
  const died = await app.line('worker died, replacing it');
  assert.deepEqual([died.workerPid, died.code], [workers[0]!.pid, 0]);
  await statusWhen(metrics, (s) => allReady(s) && s.workers.every((w) => w.pid !== workers[0]!.pid));
});

test('a worker sent SIGTERM that has still to drain is replaced meanwhile', async (t) => {
  const app = runApp(t, SLOW, { WORKERS: '1', DRAIN_TIMEOUT_MS: '60000' });
  const { app: url, metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const held = await hold(app, url, agent);
  process.kill(workers[0]!.pid, 'SIGTERM');
  await app.line('worker ready', 2);
  assert.ok(!app.lines.some(({ msg }) => msg === 'worker ended'), 'it drains still');
  held.release();
  assert.equal((await held.answer).body, 'done');
  agent.destroy();
  const ended = await app.line('worker ended');
  assert.deepEqual([ended.workerPid, ended.code, ended.reason], [workers[0]!.pid, 0, 'leave']);
  const { workers: now } = await statusWhen(metrics, allReady);
  assert.notEqual(now[0]!.pid, workers[0]!.pid);
});

test('workers do not outlive a killed primary', async (t) => {
  const app = runApp(t, SLOW);
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  app.child.kill('SIGKILL');
  await app.exit();
  await gone(workers.map((w) => w.pid));
});

test('the metrics door answers, with all that was counted, while no worker can', async (t) => {
  const app = runApp(t, MAIN, {
    DEMO_CONTROLS: '1',
    // Whoever waits for a worker waits for ever: nobody ends it.
    WORKER_TIMEOUT_MS: '0',
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
  });
  const { app: url, metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  for (let i = 0; i < 10; i++) await (await fetch(`${url}/ping`)).text();
  const block = await fetch(`${url}/demo/faults/block?ms=60000`, { method: 'POST' });
  const { pid: blocked } = (await block.json()) as { pid: number };
  for (const { pid } of workers) if (pid !== blocked) process.kill(pid, 'SIGSTOP');
  for (const [path, said] of [
    ['/metrics', /^ping_responses_total\{status="200"\} 10$/m],
    ['/metrics/workers/0', /\n$/],
    ['/status', /"ready"/],
  ] as const) {
    const answer = await fetch(metrics + path, { signal: AbortSignal.timeout(60_000) });
    assert.equal(answer.status, 200, path);
    assert.match(await answer.text(), said);
  }
});

async function runWithTakenPort(t: Parameters<typeof runApp>[0]): Promise<RunningApp> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  return runApp(t, MAIN, { WORKERS: '1', PORT: String(port), GIVE_UP_MS: '15000' });
}

test('workers that die again and again are backed off, and the primary gives up with a failure', async (t) => {
  const app = await runWithTakenPort(t);
  const door = await app.line('metrics door open');
  await app.line('worker died, replacing it', 3);
  // No worker could be kept, yet the metrics door answers.
  const status = await statusOf(`http://127.0.0.1:${door.port}`);
  assert.ok(status.workers.every((w) => w.state === 'starting'));
  assert.deepEqual(await app.exit(), { code: 1, signal: null });
  const delays = app.lines
    .filter((l) => l.msg === 'worker died, replacing it')
    .map((l) => l.delayMs as number);
  assert.deepEqual(delays.slice(0, 3), [0, 100, 200]);
  assert.equal(app.lines.at(-1)?.msg, 'giving up: no worker could be kept');
  assert.match(JSON.stringify(app.lines), /cannot listen on 127\.0\.0\.1:\d+.*EADDRINUSE/);
});

test('a wrong setting ends the start with the value and the remedy', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: 'many' });
  assert.match(String((await app.line('cannot start')).error), /^WORKERS="many": set a whole number/);
  assert.deepEqual(await app.exit(), { code: 1, signal: null });
});

test('a metrics door that cannot open ends the start with a failure', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const app = runApp(t, MAIN, { METRICS_PORT: String((other.address() as AddressInfo).port) });
  assert.match(String((await app.line('cannot start')).error), /EADDRINUSE/);
  assert.deepEqual(await app.exit(), { code: 1, signal: null });
});

test('the unshared control exists only where it is switched on', async (t) => {
  const [off, on] = [runApp(t, MAIN), runApp(t, MAIN, { DEMO_CONTROLS: '1', WORKERS: '1' })];
  assert.equal((await fetch(`${(await ports(off)).metrics}/demo/unshared`)).status, 404);
  const { app: url, metrics } = await ports(on);
  await (await fetch(`${url}/ping`)).text();
  // A worker that is kept from its processor is a 503.
  let control = await fetch(`${metrics}/demo/unshared`);
  while (control.status === 503) control = await fetch(`${metrics}/demo/unshared`);
  assert.equal(control.status, 200);
  assert.match(await control.text(), /^demo_unshared_requests_total 1$/m);
});

test('the unshared control of a stopped worker is a 503 in time, never a wait', async (t) => {
  const app = runApp(t, MAIN, { DEMO_CONTROLS: '1', WORKERS: '1' });
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  process.kill(workers[0]!.pid, 'SIGSTOP');
  const control = await fetch(`${metrics}/demo/unshared`, { signal: AbortSignal.timeout(60_000) });
  assert.equal(control.status, 503);
});
