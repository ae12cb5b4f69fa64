import type { OutgoingHttpHeader, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { NodeResponse } from '../core/node-http.ts';
import { begunExchangeOf, type Exchange } from './exchange.ts';
import { withKeptHeader } from './kept-headers.ts';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];
type WriteHead = (
  this: ServerResponse,
  status: number,
  reason?: string | Headers,
  headers?: Headers,
) => ServerResponse;
type Write = (this: ServerResponse, chunk?: unknown, encoding?: unknown, callback?: unknown) => boolean;
type End = (this: ServerResponse, chunk?: unknown, encoding?: unknown, callback?: unknown) => ServerResponse;

const closing = Symbol('closing connections');

type ClosingServer = Server & { [closing]?: true };

/** From now on, each response of the server closes its connection, also the responses to requests in flight. */
export function closeConnections(server: Server): void {
  (server as ClosingServer)[closing] = true;
}

function isClosing({ req }: ServerResponse): boolean {
  const server = req?.socket?.server as unknown as ClosingServer | undefined;
  return server?.[closing] === true;
}

let hooked = false;

/**
 * Replaces `writeHead`, `write` and `end` of `ServerResponse.prototype`, once in a process. Own methods would cost each response three
 * properties, and those of a subclass would be lost, because Express replaces the prototype of each response. Responses without an
 * exchange, and of servers that do not close, behave as before.
 */
export function hookResponses(): void {
  if (hooked) return;
  hooked = true;
  const prototype = NodeResponse.prototype as unknown as { writeHead: WriteHead; write: Write; end: End };
  const { writeHead, write, end } = prototype;

  // `end`, `write` and `flushHeaders` call it if the application has not.
  prototype.writeHead = function (status, reason, headers) {
    const exchange = begunExchangeOf(this);
    const given = keptHeaders(
      this,
      exchange,
      status,
      typeof reason === 'string' ? headers : (headers ?? reason),
    );
    if (typeof reason === 'string') writeHead.call(this, status, reason, given);
    else writeHead.call(this, status, given);
    // Without a body, the head is the whole response. It may leave before end(), through flushHeaders().
    if (exchange?.measurement !== undefined && !exchange.counted && hasNoBody(exchange))
      exchange.measurement.count(exchange, status);
    return this;
  };

  // With a Content-Length, write() may send the last byte before end().
  prototype.write = function (chunk, encoding, callback) {
    const exchange = begunExchangeOf(this);
    if (exchange?.measurement !== undefined && !exchange.counted) countWritten(exchange, chunk, encoding);
    return write.call(this, chunk, encoding, callback);
  };

  prototype.end = function (chunk, encoding, callback) {
    const exchange = begunExchangeOf(this);
    exchange?.measurement?.count(exchange, this.statusCode);
    return end.call(this, chunk, encoding, callback);
  };
}

/** Sets the headers that each response has. Informational responses (1xx) do not get them. */
function keptHeaders(
  res: ServerResponse,
  exchange: Exchange | undefined,
  status: number,
  given: Headers | undefined,
): Headers | undefined {
  if (res.headersSent || (status >= 100 && status <= 199)) return given;
  let headers = given;
  if (exchange?.log !== undefined) headers = withKeptHeader(res, 'X-Request-Id', exchange.id, headers);
  if (isClosing(res)) {
    // Needed if the application removes `Connection`: Node then reads this property only.
    res.shouldKeepAlive = false;
    headers = withKeptHeader(res, 'Connection', 'close', headers);
  }
  return headers;
}

function countWritten(exchange: Exchange, chunk: unknown, encoding: unknown): void {
  const length = exchange.res.getHeader('content-length');
  if (length === undefined) return;
  exchange.written +=
    typeof chunk === 'string'
      ? Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
      : ((chunk as Uint8Array | undefined)?.byteLength ?? 0);
  if (exchange.written >= Number(length)) exchange.measurement!.count(exchange, exchange.res.statusCode);
}

function hasNoBody({ req, res }: Exchange): boolean {
  const status = res.statusCode;
  if (status === 204 || status === 304 || req.method === 'HEAD') return status >= 200;
  return Number(res.getHeader('content-length') ?? -1) === 0;
}
