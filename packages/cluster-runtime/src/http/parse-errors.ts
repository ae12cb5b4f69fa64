import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { log } from '../core/log.ts';
import { STATUS_CODES } from '../core/node-http.ts';
import { idFromHeader } from '../core/request-context.ts';
import { traceIdFrom } from '../core/trace-context.ts';

/**
 * Larger than the largest head that nginx passes on (up to 17 kB from the client, plus the headers that nginx adds), so the app
 * accepts every request that nginx accepts. kit/specs/parsers.spec.ts adds the sizes up. The default of Node is 16 kB.
 */
export const MAX_HEADER_BYTES = 32 * 1024;

/** Values of the label `code`. Every other code of llhttp is counted as `other`. */
export const PARSE_ERROR_CODES = [
  'HPE_HEADER_OVERFLOW',
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_INVALID_HEADER_TOKEN',
  'HPE_INVALID_METHOD',
  'HPE_INVALID_TRANSFER_ENCODING',
  'HPE_INVALID_URL',
  'HPE_INVALID_VERSION',
  'ERR_HTTP_REQUEST_TIMEOUT',
  'other',
] as const;

const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
/** The client closed the connection. It is not a parse error. */
const CONNECTION_ENDED = 'HPE_INVALID_EOF_STATE';
/** Most log lines per second and process. */
const MAX_LINES_PER_SECOND = 10;
const REQUEST_ID = /\r\nx-request-id: *([^\r\n]*)\r\n/i;

interface ParseError extends Error {
  readonly code?: string;
  readonly reason?: string;
  /** The packet that contains the error. */
  readonly rawPacket?: Buffer;
}

/**
 * Answers requests that Node's parser refuses, and closes the connection. A request that reached no listener is counted with `count`
 * and logged with the id of the proxy. See https://nodejs.org/api/http.html#event-clienterror.
 */
export function refuseUnparsed(server: Server, count: (code: string) => void = () => {}): void {
  const lines = new LinesPerSecond(MAX_LINES_PER_SECOND);
  // 0 is no limit. By default Node silently drops headers after the 2000th; their size is bounded anyway.
  server.maxHeadersCount = 0;
  server.on('clientError', (error: ParseError, socket: Socket) => {
    const { code = '', reason, rawPacket } = error;
    const refused = /^HPE_/.test(code) || code in STATUS;
    if (!refused || code === CONNECTION_ENDED) {
      socket.destroy(error);
      return;
    }
    const status = STATUS[code] ?? 400;
    const id = idFromHeader(REQUEST_ID.exec(rawPacket?.toString('latin1') ?? '')?.[1]);
    if (isServed(socket)) {
      refuse(socket, error, status, id);
      return;
    }
    count((PARSE_ERROR_CODES as readonly string[]).includes(code) ? code : 'other');
    // Lines left out before this one, because the process had logged its ten lines of that second.
    const left_out = lines.take();
    if (left_out !== undefined) {
      const ids = { request_id: id, trace_id: traceIdFrom(id) };
      const fields = { ...ids, code, reason, status, ...(left_out > 0 && { left_out }) };
      log('warn', 'the HTTP parser refused a request', fields);
    }
    refuse(socket, error, status, id);
  });
}

/** Internal fields of Node: the request that is being read, and the response that is being written. */
type HttpSocket = Socket & {
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
  readonly _httpMessage?: ServerResponse | null;
};

/** Returns whether a listener already has the request. Such a request is counted and logged like any other. */
function isServed(socket: HttpSocket): boolean {
  return socket.parser?.incoming?.complete === false;
}

/** Destroys the socket with the error, so a response that is cut off counts as the client's failure: see outcome.ts. */
function refuse(socket: HttpSocket, error: Error, status: number, id: string): void {
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy(error);
    return;
  }
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Length: 0',
    `X-Request-Id: ${id}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n`, () => socket.destroy(error));
}

class LinesPerSecond {
  readonly #most: number;
  #second = 0;
  #lines = 0;
  #leftOut = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Returns the number of lines left out since the last logged line, or undefined if this line must be left out too. */
  take(): number | undefined {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines > this.#most) {
      this.#leftOut += 1;
      return undefined;
    }
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
