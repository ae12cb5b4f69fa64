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
import { routes } from './routes.ts';

export interface AppParts {
  /** False where nothing is measured. */
  readonly measure?: boolean;
  /** The demonstration's; absent unless switched on. */
  readonly control?: RequestHandler | undefined;
  /** Turns away what is too much. Health is asked before it: an overloaded worker is alive and ready. */
  readonly shed?: RequestHandler | undefined;
}

/** The application of one worker. Middleware that answers must come after `measureRequests` to be counted. */
export function createApp(
  isDraining: () => boolean,
  { measure = true, control, shed }: AppParts = {},
): Express {
  const app = express();
  app.disable('x-powered-by');
  if (measure) app.use(measureRequests);
  if (control !== undefined) app.use(control);
  app.use(health(isDraining));
  if (shed !== undefined) app.use(shed);
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
  if (status >= 500) log('error', 'request failed', { method: req.method, ...describeError(error) });
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
