import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackEnd } from '../core/c-functions.ts';
import { loadSocketCalls } from '../core/socket-calls.ts';

/** More than the kernel keeps waiting: Node's backlog. */
const MOST_WAITING = 1024;
/** A handshake that has begun is completed in this time, also by a proxy some 50 ms away. */
const HANDSHAKE_MS = 100;

/**
 * Accepts the last connections, and closes the port in all processes that hold the socket. Closing alone would reset connections that wait
 * or are being established, and a proxy must not send a POST again on another connection. If a connection is refused, it uses another server.
 * This function therefore refuses new connections, waits with `handshakes()` for those that are being established, and then closes the port.
 *
 * @param fd of a listening socket, which cannot be used again
 */
export async function takeLastConnections(
  fd: number,
  ffi: BackEnd,
  handshakes: () => Promise<unknown> = () => delay(HANDSHAKE_MS),
): Promise<Socket[]> {
  const calls = await loadSocketCalls(fd, ffi);
  // Meanwhile the server accepts connections.
  if (calls.refuseNew()) await handshakes();
  const accepted: number[] = [];
  for (let next = calls.accept(); next >= 0; next = calls.accept()) {
    accepted.push(next);
    if (accepted.length === MOST_WAITING) break;
  }
  calls.shutDown();
  return accepted.map((socket) => new Socket({ fd: socket }));
}
