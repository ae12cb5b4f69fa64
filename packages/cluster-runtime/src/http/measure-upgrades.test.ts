import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import test, { beforeEach, type TestContext } from 'node:test';
import { register } from 'prom-client';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../../../prom-multiproc/test/support/poll.ts';
import { listen } from '../../test/support/listen.ts';
import { openRaw, received } from '../../test/support/raw-http.ts';
import type { App } from '../core/app.ts';
import { httpRequestDuration, httpRequests } from './http-metrics.ts';
import { measureUpgrade } from './measure-upgrades.ts';

beforeEach(() => register.resetMetrics());

const HANDSHAKE = [
  'GET /chat HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'X-Request-Id: 0c5a5f0bb1a4a6c6f5e8a1a4a5c3f3f2',
  'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

const routeOf: NonNullable<App['routeOf']> = (req) => (req.url === '/chat' ? '/chat' : undefined);

async function serve(
  t: TestContext,
  upgrade: NonNullable<App['upgrade']>,
  onWrite: () => void = () => {},
  acceptTraceparent = false,
): Promise<number> {
  const { server, port } = await listen(t, (_req, res) => res.end());
  server.on('upgrade', (req, socket, head) => {
    t.after(() => socket.destroy());
    const { write } = socket;
    socket.write = (...args: unknown[]) => {
      onWrite();
      return (write as (...all: unknown[]) => boolean).apply(socket, args);
    };
    measureUpgrade(req, socket, routeOf, acceptTraceparent);
    upgrade(req, socket, head);
  });
  return port;
}

async function counts(): Promise<Record<string, number>> {
  const { values } = await httpRequests.get();
  return Object.fromEntries(
    values.map(({ labels, value }) => [`${labels.method} ${labels.route} ${labels.status}`, value]),
  );
}

test('a WebSocket is counted once, as 101, before its client has the response', async (t) => {
  const server = new WebSocketServer({ noServer: true });
  const atEachWrite: Promise<Record<string, number>>[] = [];
  const port = await serve(
    t,
    (req, socket, head) =>
      server.handleUpgrade(req, socket, head, (webSocket) => {
        webSocket.on('message', (text) => webSocket.send(String(text)));
      }),
    () => atEachWrite.push(counts()),
  );
  const client = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  await once(client, 'open');
  assert.deepEqual(await Promise.all(atEachWrite), [{ 'GET /chat 101': 1 }]);
  client.send('again');
  const [echo] = await once(client, 'message');
  assert.equal(String(echo), 'again');
  client.close();
  await once(client, 'close');
  assert.deepEqual(await counts(), { 'GET /chat 101': 1 });
  const { values } = await httpRequestDuration.get();
  const [observed] = values.filter(({ metricName }) => metricName?.endsWith('_count'));
  assert.deepEqual(observed?.labels, { method: 'GET', route: '/chat', status: 101 });
  assert.equal(observed?.value, 1);
});

for (const [how, upgrade, counted] of [
  ['that is refused by end()', (socket) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'), 401],
  [
    'that is refused by write()',
    (socket) => {
      socket.write(Buffer.from('HTTP/1.1 403 Forbidden\r\n'));
      socket.end('\r\n');
    },
    403,
  ],
  ['whose connection the application destroys', (socket) => socket.destroy(), 500],
  ['with an answer that is not HTTP', (socket) => socket.end('hello'), 500],
] as [string, (socket: Parameters<NonNullable<App['upgrade']>>[1]) => void, number][]) {
  test(`a handshake ${how} is counted as ${counted}`, async (t) => {
    const port = await serve(t, (_req, socket) => upgrade(socket));
    await received(openRaw(port, HANDSHAKE));
    await until('the count', async () => Object.keys(await counts()).length > 0);
    assert.deepEqual(await counts(), { [`GET /chat ${counted}`]: 1 });
  });
}

test('a handshake whose client leaves before the answer is counted as 499', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const port = await serve(t, (_req, socket) => {
    socket.on('error', () => {}).resume();
    socket.once('end', () => socket.end());
    arrived.resolve();
  });
  const client = openRaw(port, HANDSHAKE);
  await arrived.promise;
  client.end();
  await received(client);
  await until('the count', async () => Object.keys(await counts()).length > 0);
  assert.deepEqual(await counts(), { 'GET /chat 499': 1 });
});

for (const [acceptTraceparent, whose, expected] of [
  [false, "nginx' request", '0c5a5f0bb1a4a6c6f5e8a1a4a5c3f3f2'],
  [true, 'the client, which the setting accepts', '4bf92f3577b34da6a3ce929d0e0e4736'],
] as const) {
  test(`the duration of a handshake carries the trace id of ${whose}`, async (t) => {
    const refuse = (_req: unknown, socket: Duplex) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    const port = await serve(t, refuse, () => {}, acceptTraceparent);
    await received(openRaw(port, HANDSHAKE));
    const { values } = await httpRequestDuration.get();
    const ids = values.flatMap((value) => {
      const { exemplar } = value as { exemplar?: { labelSet: { trace_id: string } } | null };
      return exemplar ? [exemplar.labelSet.trace_id] : [];
    });
    assert.deepEqual(ids, [expected]);
  });
}
