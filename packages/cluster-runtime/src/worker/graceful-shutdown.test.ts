import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { prepareDrain } from './graceful-shutdown.ts';
import { takeLastConnections } from './last-connections.ts';

const DRAIN_MS = 20_000;

/** A draining server, and a connection that the kernel had completed and the server had not accepted. */
async function drainWithWaiting(t: TestContext): Promise<{ waiting: Socket; drained: Promise<number> }> {
  const server = createServer((_req, res) => res.end('served'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const begun = Promise.withResolvers<Socket>();
  const drain = prepareDrain(server, {
    async takeLastConnections() {
      const waiting = connect(port, '127.0.0.1');
      t.after(() => waiting.destroy());
      await new Promise((connected) => process.nextTick(connected));
      const taken = await takeLastConnections(fd, 'koffi', async () => {});
      assert.equal(taken.length, 1);
      begun.resolve(waiting);
      return taken;
    },
  });
  // Loads koffi, so that takeLastConnections() does not return to the event loop, which would accept the connection.
  await takeLastConnections(-1, 'koffi');
  const drained = drain.start(0, DRAIN_MS);
  return { waiting: await begun.promise, drained };
}

test('a drain serves the connections that waited, and ends after them', async (t) => {
  const { waiting, drained } = await drainWithWaiting(t);
  waiting.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [answer] = await once(waiting, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 (?:.|\n|\r)*\r\nConnection: close\r\n(?:.|\n|\r)*served/);
  assert.equal(await drained, 0);
});

test('a drain also ends if a client resets a connection that waited', async (t) => {
  const { waiting, drained } = await drainWithWaiting(t);
  waiting.resetAndDestroy();
  assert.equal(await drained, 0);
});
