import type { IncomingMessage, Server } from 'node:http';

/** Each of these extends the time of a request by its limit. nginx rejects ordinary requests with larger bodies. */
const BYTES_PER_LIMIT = 1024 * 1024;
const CHECK_EVERY_MS = 1000;

/** When the head of a request had arrived: time in milliseconds, and bytes that the connection had received. */
interface Begin {
  readonly at: number;
  readonly bytes: number;
}

/** Node's error for its own time limit: refuseUnparsed answers it with 408. */
class LateRequest extends Error {
  readonly code = 'ERR_HTTP_REQUEST_TIMEOUT';
}

/**
 * Ends requests whose body is not complete in time. A large upload gets `limitMs` more for each MiB that has arrived, which Node's
 * `requestTimeout` cannot do. Node itself limits the time of the head. Returns a function to call with each request.
 */
export function limitBodies(server: Server, limitMs: number): (req: IncomingMessage) => void {
  const incomplete = new Map<IncomingMessage, Begin>();

  setInterval(() => {
    const now = performance.now();
    for (const [req, begin] of incomplete) {
      const arrived = req.socket.bytesRead - begin.bytes;
      if (req.complete) incomplete.delete(req);
      else if (now - begin.at > limitMs * (1 + Math.floor(arrived / BYTES_PER_LIMIT))) {
        incomplete.delete(req);
        server.emit('clientError', new LateRequest('Request timeout'), req.socket);
      }
    }
  }, CHECK_EVERY_MS).unref();

  return (req) => {
    const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers;
    if (length === '0' && coding === undefined) return;
    incomplete.set(req, { at: performance.now(), bytes: req.socket.bytesRead });
    req.once('close', () => incomplete.delete(req));
  };
}
