import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { startOpenLoop } from './open-loop.ts';

const LOAD = { rate: 500, durationMs: 200, maxConnections: 8, timeoutMs: 20_000 };
const DEADLINE = { deadlineMs: 20_000, everyMs: 5 };

async function serve(t: TestContext, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  let connections = 0;
  server.on('connection', () => {
    connections++;
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    connections: () => connections,
  };
}

test('every intended request is sent and counted, and connections are reused', async (t) => {
  let received = 0;
  const { url, connections } = await serve(t, (_req, res) => {
    received++;
    res.end('whole');
  });
  const report = await startOpenLoop({ ...LOAD, url }).done;
  assert.equal(report.intended, 100);
  assert.equal(received, 100);
  assert.deepEqual([report.byStatus, report.byCause], [{ 200: 100 }, {}]);
  assert.equal(report.latencies[200]?.length, 100);
  assert.ok(connections() <= LOAD.maxConnections && connections() === report.mostConnections);
});

test('a server that delays its responses does not delay new requests', async (t) => {
  const held: ServerResponse[] = [];
  const { url } = await serve(t, (_req, res) => {
    held.push(res);
  });
  const { report, done } = startOpenLoop({ ...LOAD, url, maxConnections: 100 });
  await poll('all of them at once', () => (held.length === 100 ? true : undefined), DEADLINE);
  assert.equal(report.answered, 0);
  for (const res of held) res.end('late');
  await done;
  assert.deepEqual(report.byStatus, { 200: 100 });
});

test('the latency of a request includes its wait for a connection', async (t) => {
  const first = Promise.withResolvers<ServerResponse>();
  let received = 0;
  const { url } = await serve(t, (_req, res) => {
    received++;
    if (received === 1) first.resolve(res);
    else res.end();
  });
  const { report, done } = startOpenLoop({ ...LOAD, url, maxConnections: 1 });
  const began = performance.now();
  const res = await first.promise;
  const heldUntil = began + LOAD.durationMs;
  await poll('its end', () => (performance.now() > heldUntil ? true : undefined), DEADLINE);
  res.end();
  await done;
  assert.deepEqual(report.byStatus, { 200: 100 });
  // The second request was due at once and waited for the first.
  assert.ok(report.latencies[200]![1]! > LOAD.durationMs / 2, String(report.latencies[200]![1]));
});

test('requests that time out or are never sent are failures by cause, and the load ends', async (t) => {
  const { url } = await serve(t, () => {});
  const { byCause, failed } = await startOpenLoop({ ...LOAD, url, maxConnections: 2, timeoutMs: 50 }).done;
  assert.equal(failed, 100);
  assert.deepEqual(Object.keys(byCause).sort(), ['never sent', 'timeout']);
});

test('a broken connection is a failure of its request and is replaced', async (t) => {
  let received = 0;
  const { url } = await serve(t, (_req, res) => {
    received++;
    if (received <= 10) res.destroy();
    else res.end('whole');
  });
  const report = await startOpenLoop({ ...LOAD, url, maxConnections: 2 }).done;
  assert.equal(report.failed, 10);
  assert.deepEqual(report.byStatus, { 200: 90 });
});

test('chunked responses and responses that close the connection are complete answers', async (t) => {
  let received = 0;
  const { url } = await serve(t, (_req, res) => {
    received++;
    if (received % 2 === 0) res.setHeader('Connection', 'close');
    res.write('one');
    res.end('two');
  });
  const report = await startOpenLoop({ ...LOAD, url }).done;
  assert.deepEqual([report.byStatus, report.byCause], [{ 200: 100 }, {}]);
});

test('503 responses without Retry-After are counted', async (t) => {
  let received = 0;
  const { url } = await serve(t, (_req, res) => {
    received++;
    if (received % 2 === 0) res.setHeader('Retry-After', '1');
    res.writeHead(503).end();
  });
  const { byStatus, withoutRetryAfter } = await startOpenLoop({ ...LOAD, url }).done;
  assert.deepEqual([byStatus, withoutRetryAfter], [{ 503: 100 }, 50]);
});

test('startOpenLoop() rejects every address except 127.0.0.1', () => {
  assert.throws(() => startOpenLoop({ ...LOAD, url: 'http://192.0.2.1/' }), /127\.0\.0\.1 only/);
});
