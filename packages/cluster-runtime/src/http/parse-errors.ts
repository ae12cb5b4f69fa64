import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { log } from '../core/log.ts';
import { requestIdOf } from '../core/request-context.ts';

/**
 * More than nginx passes with what it adds (17 kB of the client, Host a second time), so that no request is too large behind it
 * that was not before it: kit/specs/parsers.spec.ts adds them up. Node's own limit is 16 kB.
 */
export const MAX_HEADER_BYTES = 32 * 1024;

/** Values of the label `code` that a request can cause. Every other code of llhttp is counted as `other`. */
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
/** The client closed the connection: the parser has refused nothing. */
const CONNECTION_ENDED = 'HPE_INVALID_EOF_STATE';
/** Log lines per second and process, so that a flood of such requests does not fill the log. */
const MOST_LINES = 10;
const REQUEST_ID = /\r\nx-request-id: *([^\r\n]*)\r\n/i;

interface ParseError extends Error {
  readonly code?: string;
  readonly reason?: string;
  /** The part of the request in which it was found. */
  readonly rawPacket?: Buffer;
}

/**
 * Answers what Node's parser refuses, and closes the connection. What no request listener has seen is counted here, and logged with the
 * proxy's id.
 */
export function refuseUnparsed(server: Server, count: (code: string) => void = () => {}): void {
  const lines = new LinesPerSecond(MOST_LINES);
  // Node drops further headers in silence otherwise; their bytes are bounded.
  server.maxHeadersCount = 0;
  server.on('clientError', (error: ParseError, socket: Socket) => {
    const { code = '', reason, rawPacket } = error;
    const refused = /^HPE_/.test(code) || code in STATUS;
    if (!refused || code === CONNECTION_ENDED) {
      socket.destroy(error);
      return;
    }
    const status = STATUS[code] ?? 400;
    const id = requestIdOf(REQUEST_ID.exec(rawPacket?.toString('latin1') ?? '')?.[1]);
    if (isServed(socket)) {
      refuse(socket, error, status, id);
      return;
    }
    count((PARSE_ERROR_CODES as readonly string[]).includes(code) ? code : 'other');
    const left_out = lines.take();
    if (left_out !== undefined) {
      const fields = { request_id: id, code, reason, status, ...(left_out > 0 && { left_out }) };
      log('warn', 'the HTTP parser refused a request', fields);
    }
    refuse(socket, error, status, id);
  });
}

/** Node's own fields: the request that is being read, and the answer that is being written. */
type HttpSocket = Socket & {
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
  readonly _httpMessage?: ServerResponse | null;
};

/** Whether the rest of a request was refused that a listener has already: it is counted and logged as any other. */
function isServed(socket: HttpSocket): boolean {
  return socket.parser?.incoming?.complete === false;
}

/** The error goes with the connection, so that an answer that it cuts off is the client's failure and not the application's. */
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

  /** How many were left out since the last line; undefined where this one is left out, too. */
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
