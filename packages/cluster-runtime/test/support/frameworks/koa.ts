import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import Router from '@koa/router';
import Koa from 'koa';
import type { App } from '../../../src/core/app.ts';
import { brokenStream } from './broken-stream.ts';

export function createApp(): App {
  const app = new Koa();
  app.silent = true;
  const routes = new WeakMap<IncomingMessage, string>();
  const router = new Router();
  router.get('/ok/:id', (ctx) => {
    ctx.body = `ok ${ctx.params.id}`;
  });
  router.get('/thrown', () => {
    throw new Error('thrown');
  });
  router.get('/rejected', async () => {
    await delay(1);
    throw new Error('rejected');
  });
  router.get('/streamed', (ctx) => {
    ctx.body = brokenStream();
  });
  // `_matchedRoute` is the only property that the router sets before the response begins.
  app.use(async (ctx, next) => {
    try {
      await next();
    } finally {
      if (typeof ctx._matchedRoute === 'string') routes.set(ctx.req, ctx._matchedRoute);
    }
  });
  app.use(router.routes());
  return { listener: app.callback(), routeOf: (req) => routes.get(req) };
}
