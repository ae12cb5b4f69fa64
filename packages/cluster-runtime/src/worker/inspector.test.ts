import assert from 'node:assert/strict';
import { once } from 'node:events';
import inspector from 'node:inspector';
import { type AddressInfo, createServer } from 'node:net';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openRaw } from '../../test/support/raw-http.ts';
import { openInspector } from './inspector.ts';

const OTHERS = 20;

test('while another program closes each connection to the port at once, the worker pauses between its attempts', {
  timeout: 60_000,
}, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const opened = openInspector(port, '127.0.0.1');
  for (let others = 0; others < OTHERS; others++) {
    const other = openRaw(port).resume();
    await once(other, 'close');
  }
  assert.equal(accepted, OTHERS + 1);
  server.close();
  for (; inspector.url() === undefined; await turn()) t.mock.timers.tick(100);
  inspector.close();
  await opened;
});
