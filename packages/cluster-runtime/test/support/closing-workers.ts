/** As an unprivileged user, two callers close one port, as two workers do. Prints how many of them wait for handshakes. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { BackEnd } from '../../src/core/c-functions.ts';
import { takeLastConnections } from '../../src/worker/last-connections.ts';

const NOBODY = 65_534;

const ffi = process.argv[2] as BackEnd;
// Loads the back end, which this user may not be able to read.
await takeLastConnections(-1, ffi);
if (process.getuid!() === 0) {
  process.setgroups!([]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
let waits = 0;
const handshakes = async () => {
  waits++;
};
await Promise.all([takeLastConnections(fd, ffi, handshakes), takeLastConnections(fd, ffi, handshakes)]);
server.close();
console.log(`waits: ${waits}`);
