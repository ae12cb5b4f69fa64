import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** A request whose ids are made when they are first read. */
export interface IdentifiedRequest {
  readonly id: string;
  readonly traceId: string;
}

const current = new AsyncLocalStorage<IdentifiedRequest>();

const HEADER_VALUE = /^[\w.-]{1,64}$/;

/** Returns the request whose code is running, in all its callbacks and promises; undefined outside a request. */
export function currentRequest(): IdentifiedRequest | undefined {
  return current.getStore();
}

/** Calls `run` in the context of a request. An error that `run` throws is logged with the id, too. */
export function runInRequest<A extends unknown[]>(
  request: IdentifiedRequest,
  run: (...args: A) => void,
  ...args: A
): void {
  try {
    current.run(request, run, ...args);
  } catch (error) {
    current.enterWith(request);
    throw error;
  }
}

/** Returns the `X-Request-Id` of the proxy, or a new id if the header is missing or malformed. */
export function idFromHeader(header: string | string[] | undefined): string {
  return typeof header === 'string' && HEADER_VALUE.test(header) ? header : randomUUID();
}
