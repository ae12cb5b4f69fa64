import type { App } from '../../../src/index.ts';
import { routes } from './routes.ts';

/** An application for the tests of what stands around it: those hold, whatever app/ is. */
export function createApp(): App {
  return {
    listener(req, res) {
      res.setHeader('Content-Type', 'text/plain; charset=utf-8');
      if (req.url === '/upload') req.resume().once('end', () => res.end('done'));
      else if (!routes(req.url ?? '', (text) => void res.end(text))) res.writeHead(404).end('Not found');
    },
    routeOf: (req) => (req.url === '/ping' || req.url === '/upload' ? req.url : undefined),
  };
}
