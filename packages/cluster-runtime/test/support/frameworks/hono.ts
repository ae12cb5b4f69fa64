import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { routePath } from 'hono/route';
import type { App } from '../../../src/core/app.ts';
import { brokenStream } from './broken-stream.ts';

export function createApp(): App {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const routes = new WeakMap<IncomingMessage, string>();
  app.use(async (c, next) => {
    const route = routePath(c, -1);
    if (route !== '/*') routes.set(c.env.incoming, route);
    await next();
  });
  app.onError((_error, c) => c.text('Internal Server Error', 500));
  app.get('/ok/:id', (c) => c.text(`ok ${c.req.param('id')}`));
  app.get('/thrown', () => {
    throw new Error('thrown');
  });
  app.get('/rejected', async () => {
    await delay(1);
    throw new Error('rejected');
  });
  app.get('/streamed', (c) => c.body(Readable.toWeb(brokenStream()) as ReadableStream));
  return { listener: getRequestListener(app.fetch), routeOf: (req) => routes.get(req) };
}
