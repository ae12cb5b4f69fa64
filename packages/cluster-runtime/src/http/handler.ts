import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Handler } from '../core/app.ts';

/** The handlers one after the other, and at last the listener. */
export function chain(handlers: readonly Handler[], last: RequestListener): RequestListener {
  return handlers.reduceRight<RequestListener>(
    (next, handler) => (req, res) => handler(req, res, () => next(req as never, res as never)),
    last,
  );
}

const takenBy = new WeakMap<IncomingMessage, string>();

/** Routes in front of those of the application, by their path. */
export function ownRoutes(routes: ReadonlyMap<string, Handler>): Handler {
  return (req, res, next) => {
    const path = (req.url ?? '').split('?', 1)[0]!;
    const route = routes.get(path);
    if (route === undefined) {
      next();
      return;
    }
    takenBy.set(req, path);
    route(req, res, next);
  };
}

/** The path of the route of `ownRoutes` that took the request. */
export function ownRouteOf(req: IncomingMessage): string | undefined {
  return takenBy.get(req);
}

export function answerText(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}
