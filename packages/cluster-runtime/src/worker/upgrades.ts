import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { App } from '../core/app.ts';
import { STATUS_CODES } from '../core/node-http.ts';

export interface UpgradeParts {
  readonly upgrade: NonNullable<App['upgrade']>;
  /** Called before the application gets the connection. */
  onUpgrade?(req: IncomingMessage, socket: Duplex): void;
}

/** Returns whether the client asks for a WebSocket. Every other protocol is ignored, as RFC 9110, section 7.8, allows. */
export function isWebSocket(req: IncomingMessage): boolean {
  return req.headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Passes WebSocket handshakes to the application, until the port is closed; later ones get 503. Returns the open connections,
 * which `closeAllConnections()` does not close.
 */
export function passUpgrades(server: Server, { upgrade, onUpgrade }: UpgradeParts): ReadonlySet<Duplex> {
  const open = new Set<Duplex>();
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // Node has removed its own listener, and an error without one would end the worker. `close` follows for the application.
    socket.on('error', () => {});
    onUpgrade?.(req, socket);
    if (server.listening) upgrade(req, socket, head);
    else refuse(socket);
  });
  return open;
}

function refuse(socket: Duplex): void {
  socket.end(
    `HTTP/1.1 503 ${STATUS_CODES[503]}\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n`,
  );
}
