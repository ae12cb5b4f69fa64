import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { NodeResponse } from '../core/node-http.ts';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * Sets a header while the head of the response is written, and returns the headers given to `writeHead` without it. So the response has
 * it even if a framework removes all headers, as the error handling of Koa does, or passes headers to `writeHead`.
 */
export function withKeptHeader(
  res: ServerResponse,
  name: string,
  value: string,
  given: Headers | undefined,
): Headers | undefined {
  NodeResponse.prototype.setHeader.call(res, name, value);
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
