import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

const HEADER_VALUE = /^[\w.-]{1,64}$/;

/** The id of the request whose code is running, in every callback and promise that it began; undefined outside. */
export function requestId(): string | undefined {
  return current.getStore();
}

/** What `run` throws is still of this request: it may end the process, and that is logged with the id. */
export function runWithRequestId(id: string, run: () => void): void {
  try {
    current.run(id, run);
  } catch (error) {
    current.enterWith(id);
    throw error;
  }
}

/** The proxy's id; one made here where there is none, or one that no proxy of ours would send. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && HEADER_VALUE.test(header) ? header : randomUUID();
}
