import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import test from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loadSocketCalls } from './socket-calls.ts';

const BACK_ENDS = process.getBuiltinModule('node:ffi') ? (['koffi', 'node'] as const) : (['koffi'] as const);

for (const ffi of BACK_ENDS) {
  test(`through ${ffi}, a socket that was shut down refuses connections, and one that is reopened serves them, however often it was shut down`, async (t) => {
    const server = createServer((socket) => socket.once('data', (data) => socket.end(`answer to ${data}`)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    // A port that the system chose is another one after a reopening.
    const open = () => connect((server.address() as AddressInfo).port, '127.0.0.1');
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const calls = await loadSocketCalls(fd, ffi);
    /** Sends a request only after the server has read from the connection, which then must not look ended. */
    const request = async (): Promise<string> => {
      const accepted = once(server, 'connection');
      const socket = open();
      const answered = Promise.race([once(socket, 'data'), once(socket, 'end').then(() => ['ended'])]);
      await Promise.all([accepted, once(socket, 'connect')]);
      for (let turn = 0; turn < 3; turn++) await nextTurn();
      socket.write('request');
      const [answer] = await answered;
      socket.destroy();
      return String(answer);
    };
    assert.equal(await request(), 'answer to request');
    assert.equal(calls.shutDown(), true);
    await assert.rejects(once(open(), 'connect'), { code: 'ECONNREFUSED' });
    assert.equal(calls.shutDown(), false);
    calls.reopen();
    assert.equal(await request(), 'answer to request');
  });
}
