import { type App, describeError, expressRoute, log, requestIdOf, traceIdOf } from 'cluster-runtime';
import express, { type NextFunction, type Request, type Response } from 'express';
import { addRoutes } from './routes.ts';

/** The application. Replace this folder by your own: see docs/guides/make-it-yours.md. */
export function createApp(): App {
  const app = express();
  app.disable('x-powered-by');
  addRoutes(app);
  app.use(notFound);
  app.use(failed);
  return { listener: app, routeOf: expressRoute };
}

function notFound(_req: Request, res: Response): void {
  res.status(404).type('text/plain').send('Not found');
}

/** Express recognises an error handler by its four parameters. The error goes to the log and never to the client. */
function failed(error: unknown, req: Request, res: Response, next: NextFunction): void {
  const status = clientErrorStatus(error) ?? 500;
  if (status >= 500) {
    const fields = { request_id: requestIdOf(res), trace_id: traceIdOf(res), method: req.method };
    log('error', 'error in a request', { ...fields, ...describeError(error) });
  }
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
