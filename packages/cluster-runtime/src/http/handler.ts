import type { ServerResponse } from 'node:http';
import type { Handler } from '../core/app.ts';
import { exchangeOf } from './exchange.ts';

/** Returns a handler that serves these routes before those of the application. The key is the exact path. */
export function ownRoutes(routes: ReadonlyMap<string, Handler>): Handler {
  return (req, res, next) => {
    const path = pathOf(req.url ?? '');
    const route = routes.get(path);
    if (route === undefined) {
      next();
      return;
    }
    exchangeOf(req, res).ownRoute = path;
    route(req, res, next);
  };
}

export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

export function answerText(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(text);
}
