import assert from 'node:assert/strict';
import { once } from 'node:events';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { until } from '../../prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { openRaw, received, sendRaw } from './support/raw-http.ts';
import { ports, runApp } from './support/run-app.ts';
import { allReady, pids, statusWhen } from './support/status.ts';

const ALL_HOOKS = fileURLToPath(new URL('./support/all-hooks-main.ts', import.meta.url));
const PING = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));

const asking = (protocol: string) =>
  [
    'GET /upgrade HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    `Upgrade: ${protocol}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');

async function running(t: TestContext, env: Record<string, string> = {}, entry = ALL_HOOKS) {
  const app = runApp(t, entry, { WORKERS: '2', PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t), ...env });
  const { app: url, metrics } = await ports(app);
  const before = pids(await statusWhen(metrics, allReady));
  return { app, url, port: Number(new URL(url).port), metrics, before };
}

/** Opens a WebSocket. Returns it with a function that sends a text and resolves with the pid that echoes it. */
async function open(t: TestContext, url: string) {
  const socket = new WebSocket(url.replace('http', 'ws'));
  t.after(() => socket.terminate());
  const closed = once(socket, 'close') as Promise<[code: number]>;
  await once(socket, 'open');
  const echo = async (text: string): Promise<number> => {
    socket.send(text);
    const [answer] = await once(socket, 'message');
    const [pid, same] = String(answer).split(' ');
    assert.equal(same, text);
    return Number(pid);
  };
  return { echo, closed };
}

/** Waits until the old workers have exited. */
const reloaded = (metrics: string, before: number[]) =>
  statusWhen(metrics, (status) => allReady(status) && !pids(status).some((pid) => before.includes(pid)));

test('a reload closes a WebSocket with 1001 and ends an event stream, the client finds a new worker, and each handshake is counted', async (t) => {
  const { app, url, metrics, before } = await running(t);
  const first = await open(t, `${url}/chat`);
  assert.ok(before.includes(await first.echo('hello')));
  const stream = await fetch(`${url}/events`, { headers: { connection: 'close' } });
  app.child.kill('SIGHUP');
  const [code] = await first.closed;
  assert.equal(code, 1001);
  assert.equal(await stream.text(), 'data: first\n\ndata: last\n\n');
  await reloaded(metrics, before);
  const second = await open(t, `${url}/chat`);
  assert.ok(!before.includes(await second.echo('again')));
  const counted = await (await fetch(`${metrics}/metrics`)).text();
  assert.match(counted, /^http_requests_total\{method="GET",route="\/chat",status="101"\} 2$/m);
  assert.match(counted, /^http_requests_total\{method="GET",route="\/events",status="200"\} 1$/m);
  assert.deepEqual(
    app.lines.filter(({ msg }) => String(msg).includes('deadline')),
    [],
  );
});

test('drain() gets the deadline, and what is open then is destroyed, also a WebSocket whose drain() never ends', async (t) => {
  const { app, url } = await running(t, { DRAIN: 'never', DRAIN_TIMEOUT_MS: '600' });
  const socket = await open(t, `${url}/chat`);
  await socket.echo('hello');
  app.child.kill('SIGTERM');
  const { left_ms } = await app.line('drain');
  assert.ok((left_ms as number) > 0 && (left_ms as number) <= 600, `${left_ms}`);
  const [code] = await socket.closed;
  assert.equal(code, 1006, 'closed without a close frame');
  assert.equal((await app.line('drain deadline exceeded; closing connections')).connections, 1);
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
  assert.deepEqual(
    app.lines.filter(({ signal }) => signal === 'SIGKILL'),
    [],
  );
});

test('an error of drain() is logged, and the drain goes on', async (t) => {
  const { app } = await running(t, { DRAIN: 'fails' });
  app.child.kill('SIGTERM');
  assert.equal((await app.line('drain() of the application failed')).error, 'no way');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});

test('the listener gets requests for other protocols, and each request of an application without upgrade', async (t) => {
  const { port } = await running(t);
  for (const protocol of ['h2c', 'websocket2', 'h2c, websocket']) {
    const { status, body } = await sendRaw(port, asking(protocol).replace('Upgrade', 'close, Upgrade'));
    assert.deepEqual([status, body.split(' ').slice(1).join(' ')], [200, protocol]);
  }
  const plain = await running(t, {}, PING);
  const request = asking('websocket').replace('/upgrade', '/ping').replace('Upgrade', 'close, Upgrade');
  assert.equal((await sendRaw(plain.port, request)).body, 'Pong');
});

test('a WebSocket handshake on an open connection of a worker whose port is closed gets 503', async (t) => {
  const { app, port, metrics, before } = await running(t, { WORKERS: '1', DRAIN: 'never' });
  const socket = openRaw(port, 'GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n');
  t.after(() => socket.destroy());
  await once(socket, 'data');
  app.child.kill('SIGHUP');
  await app.line('drain');
  await until('the new worker', async () =>
    pids(await statusWhen(metrics, () => true)).some((pid) => !before.includes(pid)),
  );
  const answer = received(socket);
  socket.write(asking('websocket'));
  assert.match(await answer, /^HTTP\/1\.1 503 .*\r\nConnection: close\r\nRetry-After: 1\r\n/);
});

test('a client that resets its WebSocket does not end the worker', async (t) => {
  const { app, port, metrics, before } = await running(t, { WORKERS: '1' });
  for (let i = 0; i < 20; i++) {
    const isOpen = i % 2 === 0;
    const socket = openRaw(port, asking('websocket').replace('/upgrade', isOpen ? '/upgrade' : '/late'));
    await once(socket, isOpen ? 'data' : 'connect');
    socket.resetAndDestroy();
  }
  assert.deepEqual(pids(await statusWhen(metrics, allReady)), before);
  assert.deepEqual(
    app.lines.filter(({ level }) => level === 'error'),
    [],
  );
});
