import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

const HEADER_VALUE = /^[\w.-]{1,64}$/;

/** Returns the id of the request whose code is running, in all its callbacks and promises; undefined outside a request. */
export function requestId(): string | undefined {
  return current.getStore();
}

/** Calls `run` in the context of a request. An error that `run` throws is logged with the id, too. */
export function runWithRequestId(id: string, run: () => void): void {
  try {
    current.run(id, run);
  } catch (error) {
    current.enterWith(id);
    throw error;
  }
}

/** Returns the `X-Request-Id` of the proxy, or a new id if the header is missing or malformed. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && HEADER_VALUE.test(header) ? header : randomUUID();
}
