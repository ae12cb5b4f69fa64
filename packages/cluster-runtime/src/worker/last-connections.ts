import { Socket } from 'node:net';
import type { BackEnd } from '../core/c-functions.ts';
import { loadSocketCalls } from '../core/socket-calls.ts';

/** More than the kernel keeps waiting: Node's backlog. */
const MOST_WAITING = 1024;

/**
 * Accepts the connections that the kernel has completed, and immediately afterwards closes the port in all processes that hold the socket.
 * Closing alone would reset these connections, and a proxy that has already sent a request must not send a POST again. It sends refused
 * connections to another server.
 *
 * @param fd of a listening socket
 */
export async function takeLastConnections(fd: number, ffi: BackEnd): Promise<Socket[]> {
  const calls = await loadSocketCalls(fd, ffi);
  const accepted: number[] = [];
  for (let next = calls.accept(); next >= 0; next = calls.accept()) {
    accepted.push(next);
    if (accepted.length === MOST_WAITING) break;
  }
  calls.shutDown();
  return accepted.map((socket) => new Socket({ fd: socket }));
}
