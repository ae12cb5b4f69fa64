import type { RequestListener } from 'node:http';
import type { App, Handler } from '../core/app.ts';
import { chain } from './handler.ts';
import { health } from './health.ts';
import { measureRequests } from './measure-requests.ts';
import { logRequests } from './request-log.ts';

export interface ListenerOptions {
  /** Whether `/readyz` answers 503. */
  readonly isEnding: () => boolean;
  readonly slowRequestMs: number;
  /** Whether requests are counted. */
  readonly metrics: boolean;
  /** Load shedding. It runs after health, because an overloaded worker is alive and ready. */
  readonly shed?: Handler;
  /** Handlers of the extension. */
  readonly added?: readonly Handler[];
}

/** Returns the request listener of a worker. A handler that responds must come after `measureRequests`, or it is not counted. */
export function createListener(app: App, options: ListenerOptions): RequestListener {
  const { isEnding, slowRequestMs, metrics, shed, added = [] } = options;
  const handlers: Handler[] = [];
  if (metrics) handlers.push(measureRequests((req) => app.routeOf?.(req)));
  // Before the log: a 503 of /readyz is not a failure, and a line for each shed request would add to an overload.
  handlers.push(health(isEnding));
  if (shed !== undefined) handlers.push(shed);
  handlers.push(logRequests(slowRequestMs), ...added);
  return chain(handlers, app.listener);
}
