import type { RequestListener } from 'node:http';
import type { App } from '../core/app.ts';
import type { WorkerExtension } from '../core/extension.ts';
import { extensionRoutes } from './extension-routes.ts';
import { health } from './health.ts';
import { inRequestContext } from './in-request-context.ts';
import { measureRequests } from './measure-requests.ts';
import { logRequests } from './request-log.ts';
import { chain, type Step } from './step.ts';
import { traceRequests } from './trace-requests.ts';

export interface ListenerOptions {
  /** Whether `/readyz` answers 503. */
  readonly isEnding: () => boolean;
  /** Resolves with the reason why the application is not ready, or undefined. */
  readonly whyNotReady?: (() => Promise<string | undefined>) | undefined;
  readonly slowRequestMs: number;
  /** Whether a client's `traceparent` is accepted. */
  readonly acceptTraceparent?: boolean;
  /** Whether requests are counted. */
  readonly metrics: boolean;
  /** Load shedding. It runs after health, because an overloaded worker is alive and ready. */
  readonly shed?: readonly Step[];
  readonly extension?: WorkerExtension<never> | undefined;
}

/** Returns the request listener of a worker. A step that responds must come after `measureRequests`, or it is not counted. */
export function createListener(app: App, options: ListenerOptions): RequestListener {
  const { isEnding, whyNotReady, slowRequestMs, metrics, shed = [], extension } = options;
  const steps: Step[] = traceRequests(options.acceptTraceparent ?? false);
  if (metrics) steps.push(measureRequests((req) => app.routeOf?.(req)));
  // Before the log: a 503 of /readyz is not a failure, and a line for each shed request would add to an overload.
  steps.push(health(isEnding, whyNotReady), ...shed, logRequests(slowRequestMs));
  const last = extension === undefined ? app.listener : chain([extensionRoutes(extension)], app.listener);
  return chain(steps, app.logRequestIds ? inRequestContext(last) : last);
}
