import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { health } from './health.ts';
import { describeError, log } from './log.ts';
import { measureRequests } from './metrics-middleware.ts';
import { logRequests } from './request-log.ts';
import { routes } from './routes.ts';

export interface AppOptions {
  readonly isDraining: () => boolean;
  readonly slowRequestMs: number;
  /** False counts nothing. */
  readonly metrics: boolean;
  /** Turns away what is too much. Health is asked before it: an overloaded worker is alive and ready. */
  readonly shed?: RequestHandler;
  /** What the demonstration adds; absent unless switched on. */
  readonly controls?: readonly RequestHandler[];
}

/** The application of one worker. Middleware that answers must come after `measureRequests` to be counted. */
export function createApp({ isDraining, slowRequestMs, metrics, shed, controls = [] }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  if (metrics) app.use(measureRequests);
  // Before the log: what is not ready has not failed, and an overload is no time to write a line for each request.
  app.use(health(isDraining));
  if (shed !== undefined) app.use(shed);
  app.use(logRequests(slowRequestMs));
  for (const control of controls) app.use(control);
  app.use(routes());
  app.use(notFound);
  app.use(failed);
  return app;
}

function notFound(_req: Request, res: Response): void {
  res.status(404).type('text/plain').send('Not found');
}

/** Four parameters make it an error handler. The cause goes to the log, never to the client. */
function failed(error: unknown, req: Request, res: Response, next: NextFunction): void {
  const status = clientErrorStatus(error) ?? 500;
  if (status >= 500) log('error', 'error in a request', { method: req.method, ...describeError(error) });
  if (res.headersSent) {
    next(error);
    return;
  }
  res
    .status(status)
    .type('text/plain')
    .send(status >= 500 ? 'Internal server error' : 'Bad request');
}

function clientErrorStatus(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null | undefined)?.status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
