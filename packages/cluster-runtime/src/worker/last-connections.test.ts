import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { takeLastConnections } from './last-connections.ts';

const WAITING = 20;
const UNPRIVILEGED = fileURLToPath(new URL('../../test/support/closing-workers.ts', import.meta.url));

async function listening(t: TestContext): Promise<{ port: number; fd: number }> {
  const server = createServer((socket) => socket.end('by the server'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  return { port: (server.address() as AddressInfo).port, fd };
}

/** Resolves with what the server sent, or the code of the error. */
function answerOf(t: TestContext, port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  return new Promise((resolve) => {
    socket.once('data', (data) => resolve(String(data)));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

const BACK_ENDS = process.getBuiltinModule('node:ffi') ? (['koffi', 'node'] as const) : (['koffi'] as const);

for (const ffi of BACK_ENDS) {
  test(`connections that wait in the kernel are taken, and later ones are refused, through ${ffi}`, async (t) => {
    // Loads the back end, so that the next call does not return to the event loop, which would accept them.
    await takeLastConnections((await listening(t)).fd, ffi);
    const { port, fd } = await listening(t);
    const waiting = Array.from({ length: WAITING }, () => answerOf(t, port));
    // The kernel has completed them, and the event loop has not accepted them yet.
    await new Promise((connected) => process.nextTick(connected));
    const taken = await takeLastConnections(fd, ffi, async () => {});
    assert.equal(taken.length, WAITING);
    assert.equal(await answerOf(t, port), 'ECONNREFUSED');
    for (const socket of taken) socket.end('taken');
    assert.deepEqual(await Promise.all(waiting), Array(WAITING).fill('taken'));
  });

  test(`no connection begins in the moment before the close, which would reset it, through ${ffi}`, async (t) => {
    const { port, fd } = await listening(t);
    const begun: string[] = [];
    const taken = await takeLastConnections(fd, ffi, async () => {
      begun.push(await answerOf(t, port));
    });
    assert.deepEqual({ begun, taken }, { begun: ['ECONNREFUSED'], taken: [] });
  });

  // The kernel lets only root set the option twice.
  test(`of several workers that are not root each waits for handshakes, through ${ffi}`, () => {
    const { stdout, stderr } = spawnSync(process.execPath, [UNPRIVILEGED, ffi], { encoding: 'utf8' });
    assert.equal(stdout, 'waits: 2\n', stderr);
  });
}
