import type { RequestListener } from 'node:http';
import type { App, Handler } from '../core/app.ts';
import { chain } from './handler.ts';
import { health } from './health.ts';
import { measureRequests } from './measure-requests.ts';
import { logRequests } from './request-log.ts';

export interface ListenerOptions {
  readonly isDraining: () => boolean;
  readonly slowRequestMs: number;
  /** False counts nothing. */
  readonly metrics: boolean;
  /** Sheds load. Health comes before it: an overloaded worker is alive and ready. */
  readonly shed?: Handler;
  /** Handlers of the extension. */
  readonly added?: readonly Handler[];
}

/** The application of one worker, with what every application gets. What answers must come after `measureRequests` to be counted. */
export function createListener(app: App, options: ListenerOptions): RequestListener {
  const { isDraining, slowRequestMs, metrics, shed, added = [] } = options;
  const handlers: Handler[] = [];
  if (metrics) handlers.push(measureRequests((req) => app.routeOf?.(req)));
  // Before the log: what is not ready has not failed, and an overload is no time to write a line for each request.
  handlers.push(health(isDraining));
  if (shed !== undefined) handlers.push(shed);
  handlers.push(logRequests(slowRequestMs), ...added);
  return chain(handlers, app.listener);
}
