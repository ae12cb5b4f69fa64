import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { keepHeader } from '../http/kept-headers.ts';

export interface Drain {
  readonly isDraining: () => boolean;
  /** Resolves once the last connection is closed, with the number of connections that had to be cut. */
  start(waitMs: number, timeoutMs: number): Promise<number>;
}

/**
 * Ends a server without losing a request: readiness fails, a wait, the server stops listening, answers carry
 * `Connection: close`, and idle keep-alive connections stay open until the peer lets go of them: a request may
 * be on its way on any of them. What is left at the deadline is cut.
 */
export function prepareDrain(server: Server): Drain {
  let draining = false;
  const connection = { name: 'Connection', value: () => (draining ? 'close' : undefined) };
  server.prependListener('request', (_req, res) => keepHeader(res, connection));

  return {
    isDraining: () => draining,
    async start(waitMs, timeoutMs) {
      draining = true;
      await delay(waitMs);
      if (!server.listening) return 0;
      const closed = new Promise<void>((resolve, reject) => {
        // http.Server's own close() would cut the idle connections.
        NetServer.prototype.close.call(server, (error) => (error ? reject(error) : resolve()));
      });
      let cut = 0;
      const deadline = setTimeout(() => {
        server.getConnections((_error, count) => {
          cut = count;
          server.closeAllConnections();
        });
      }, timeoutMs);
      await closed;
      clearTimeout(deadline);
      return cut;
    },
  };
}
