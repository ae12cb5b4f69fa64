import type { ServerResponse } from 'node:http';
import type { App } from '../../../src/index.ts';
import { routes } from './routes.ts';

/** The application of the runtime's tests. */
export function createApp(): App {
  return {
    listener(req, res) {
      res.setHeader('Content-Type', 'text/plain; charset=utf-8');
      const blockMs = Number(/^\/block\?ms=(\d+)$/.exec(req.url ?? '')?.[1] ?? 0);
      if (req.url === '/upload') req.resume().once('end', () => res.end('done'));
      else if (blockMs > 0) blockAfter(res, blockMs);
      else if (!routes(req.url ?? '', (text) => void res.end(text))) res.writeHead(404).end('Not found');
    },
    routeOf: (req) => (req.url === '/ping' || req.url === '/upload' ? req.url : undefined),
    logRequestIds: true,
  };
}

/** Answers with the pid, then blocks the event loop. */
function blockAfter(res: ServerResponse, ms: number): void {
  res.once('finish', () =>
    setImmediate(() => {
      const until = performance.now() + ms;
      while (performance.now() < until);
    }),
  );
  res.writeHead(202).end(String(process.pid));
}
