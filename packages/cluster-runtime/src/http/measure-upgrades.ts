import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { countRequest } from './count-request.ts';
import { CLIENT_CLOSED_REQUEST } from './outcome.ts';
import { handshakeTraceId } from './trace-requests.ts';

type Write = (this: Duplex, chunk?: unknown, ...rest: unknown[]) => unknown;

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3}) /;
const STATUS_LINE_BYTES = 13;

/**
 * Counts a WebSocket handshake once, before its response goes to the socket, with the status in it: 101 if the application accepts the
 * connection. The duration is that of the handshake. `acceptTraceparent` is as for other requests.
 */
export function measureUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  routeOf: (req: IncomingMessage) => string | undefined,
  acceptTraceparent: boolean,
): void {
  const start = performance.now();
  const traceId = handshakeTraceId(req, acceptTraceparent);
  const hooked = socket as unknown as { write: Write; end: Write };
  const { write, end } = hooked;

  function count(status: number): void {
    hooked.write = write;
    hooked.end = end;
    socket.off('close', closed);
    countRequest(req.method, routeOf(req), status, start, { traceId });
  }

  function closed(): void {
    count(socket.readableEnded || socket.errored !== null ? CLIENT_CLOSED_REQUEST : 500);
  }

  hooked.write = function (chunk, ...rest) {
    count(statusOf(chunk));
    return write.call(this, chunk, ...rest);
  };
  hooked.end = function (chunk, ...rest) {
    if (isText(chunk)) count(statusOf(chunk));
    return end.call(this, chunk, ...rest);
  };
  socket.on('close', closed);
}

function isText(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}

/** 500 if the first bytes are no response. */
function statusOf(chunk: unknown): number {
  if (!isText(chunk)) return 500;
  const text =
    typeof chunk === 'string' ? chunk : Buffer.from(chunk.subarray(0, STATUS_LINE_BYTES)).toString('latin1');
  return Number(STATUS_LINE.exec(text)?.[1] ?? 500);
}
