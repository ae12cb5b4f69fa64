import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { closeConnections, hookResponses } from '../http/response-hooks.ts';

export interface Drain {
  readonly isDraining: () => boolean;
  /** Drains, and resolves with the number of connections that were cut at the deadline. Times are in milliseconds. */
  start(waitMs: number, timeoutMs: number): Promise<number>;
}

export interface DrainParts {
  /** Connections that were upgraded to another protocol, which `closeAllConnections()` does not close. */
  readonly upgraded?: Iterable<Duplex> | undefined;
  /** Closes the port if other processes hold the socket too, and returns the connections that the kernel had completed. */
  takeLastConnections?(): Promise<readonly Socket[]>;
  /** Called once the server has stopped listening. The drain waits until the promise, which must not reject, or the deadline. */
  drainApp?(deadline: Date): Promise<void>;
}

/**
 * Prepares a drain that loses no request. Responses carry `Connection: close`, and after `waitMs` the server stops listening. Idle
 * keep-alive connections stay open until the peer closes them, because a request may be on its way. After `timeoutMs` the server
 * cuts the remaining connections.
 */
export function prepareDrain(
  server: Server,
  { upgraded = [], takeLastConnections, drainApp }: DrainParts = {},
): Drain {
  let draining = false;
  hookResponses();

  return {
    isDraining: () => draining,
    async start(waitMs, timeoutMs) {
      draining = true;
      closeConnections(server);
      await delay(waitMs);
      if (!server.listening) return 0;
      const last = (await takeLastConnections?.()) ?? [];
      // server.close() does not wait for these. Not once() of node:events, which rejects if the client resets the connection.
      const lastClosed = last.map((socket) => new Promise((closed) => socket.once('close', closed)));
      for (const socket of last) server.emit('connection', socket);
      const closed = new Promise<void>((resolve, reject) => {
        // http.Server's close() would also close idle connections: https://nodejs.org/api/http.html#serverclosecallback
        NetServer.prototype.close.call(server, (error) => (error ? reject(error) : resolve()));
      });
      let cut = 0;
      const late = Promise.withResolvers<void>();
      const deadline = setTimeout(() => {
        server.getConnections((_error, count) => {
          cut = count;
          server.closeAllConnections();
          for (const socket of upgraded) socket.destroy();
          late.resolve();
        });
      }, timeoutMs);
      const drained = drainApp?.(new Date(Date.now() + timeoutMs));
      await Promise.all([closed, ...lastClosed, Promise.race([drained, late.promise])]);
      clearTimeout(deadline);
      return cut;
    },
  };
}
