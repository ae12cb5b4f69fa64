import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { startLoad } from './load.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping` };
}

const BOUNDS = { connections: 3, maxRequests: 60, durationMs: 10_000, requestTimeoutMs: 5_000 };

test('sends exactly maxRequests requests over the given number of connections', async () => {
  let connections = 0;
  const { server, url } = await serve((_, response) => response.end('Pong'));
  server.on('connection', () => {
    connections += 1;
  });
  const report = await startLoad({ ...BOUNDS, url }).done;
  assert.equal(connections, 3);
  assert.deepEqual([report.sent, report.answered, report.failed, report.byStatus], [60, 60, 0, { 200: 60 }]);
});

test('each request is counted as an answer by status or a failure by cause; a partial answer is a failure', async () => {
  let n = 0;
  const { url } = await serve((request, response) => {
    n += 1;
    if (n % 3 === 0) {
      request.socket.destroy();
    } else if (n % 3 === 1) {
      response.statusCode = 503;
      response.end();
    } else {
      response.setHeader('content-length', 10);
      response.write('half', () => request.socket.destroy());
    }
  });
  const report = await startLoad({ ...BOUNDS, connections: 1, url }).done;
  assert.deepEqual([report.sent, report.answered, report.failed], [60, 20, 40]);
  assert.deepEqual(report.byStatus, { 503: 20 });
  assert.equal(
    Object.values(report.byCause).reduce((a, b) => a + b),
    40,
  );
});

test('a request without an answer is a timeout, and the load continues', async () => {
  const { url } = await serve(() => {});
  const report = await startLoad({ ...BOUNDS, connections: 2, maxRequests: 4, requestTimeoutMs: 20, url })
    .done;
  assert.deepEqual([report.sent, report.failed, report.byCause], [4, 4, { timeout: 4 }]);
});

test('stop() sends no new request and waits for those in flight', async () => {
  const { url } = await serve((_, response) => setImmediate(() => response.end('Pong')));
  const load = startLoad({ ...BOUNDS, maxRequests: 1_000_000, url });
  const report = await load.stop();
  assert.equal(report.sent, 3);
  assert.equal(report.answered, 3);
});

test('startLoad() rejects every address except 127.0.0.1', () => {
  assert.throws(
    () => startLoad({ ...BOUNDS, url: 'http://192.0.2.1/' }),
    /127\.0\.0\.1 only, not to 192\.0\.2\.1/,
  );
});
