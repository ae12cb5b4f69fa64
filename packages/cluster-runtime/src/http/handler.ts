import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Handler } from '../core/app.ts';

/** Returns a listener that calls the handlers in order and then `last`. */
export function chain(handlers: readonly Handler[], last: RequestListener): RequestListener {
  return handlers.reduceRight<RequestListener>(
    (next, handler) => (req, res) => handler(req, res, () => next(req as never, res as never)),
    last,
  );
}

const takenBy = new WeakMap<IncomingMessage, string>();

/** Returns a handler that serves these routes before those of the application. The key is the exact path. */
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

/** Returns the path of the `ownRoutes` route that handled the request; undefined if none did. */
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
