import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** A header that the response always has, whatever the application does with headers. */
export interface KeptHeader {
  readonly name: string;
  /** A function is called when the head is written. If it returns undefined, the application's header stays. */
  readonly value: string | (() => string | undefined);
}

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

type WriteHead = (status: number, reason?: string | Headers, headers?: Headers) => ServerResponse;

interface Kept {
  readonly header: KeptHeader;
  readonly next: Kept | undefined;
}

const kept = Symbol('kept headers');

type Answer = ServerResponse & { [kept]?: Kept };

/**
 * Sets the header when the head of the response is written. It is set even if a framework removes all headers, as the error handling
 * of Koa does, or passes headers to `writeHead`. Informational responses (1xx) do not get it.
 *
 * `writeHead` becomes a property of the response itself, because Express replaces the prototype of each response.
 */
export function keepHeader(res: ServerResponse, header: KeptHeader): void {
  const answer = res as Answer;
  const next = answer[kept];
  if (next === undefined) answer.writeHead = writeHead as typeof answer.writeHead;
  answer[kept] = { header, next };
}

/** `end`, `write` and `flushHeaders` call it if the application has not. */
function writeHead(
  this: Answer,
  status: number,
  reason?: string | Headers,
  headers?: Headers,
): ServerResponse {
  let given = typeof reason === 'string' ? headers : (headers ?? reason);
  if (!this.headersSent && (status < 100 || status > 199)) {
    for (let one = this[kept]; one !== undefined; one = one.next) given = keep(this, one.header, given);
  }
  const write = ServerResponse.prototype.writeHead as WriteHead;
  return typeof reason === 'string'
    ? write.call(this, status, reason, given)
    : write.call(this, status, given);
}

function keep(res: ServerResponse, header: KeptHeader, given: Headers | undefined): Headers | undefined {
  const { name } = header;
  const value = typeof header.value === 'string' ? header.value : header.value();
  if (value === undefined) return given;
  // Needed if the application removes `Connection`: Node then reads this property only.
  if (name === 'Connection' && value === 'close') res.shouldKeepAlive = false;
  ServerResponse.prototype.setHeader.call(res, name, value);
  return given == null ? given : without(given, name);
}

/** Returns the headers without one. As in `writeHead` they are an object, or an array that alternates names and values. */
function without(headers: Headers, name: string): Headers {
  const lower = name.toLowerCase();
  const isIt = (key: unknown) => typeof key === 'string' && key.toLowerCase() === lower;
  if (!Array.isArray(headers)) {
    if (!Object.keys(headers).some(isIt)) return headers;
    return Object.fromEntries(Object.entries(headers).filter(([key]) => !isIt(key)));
  }
  if (!headers.some((key, i) => i % 2 === 0 && isIt(key))) return headers;
  return headers.filter((_, i) => !isIt(headers[i - (i % 2)]));
}
