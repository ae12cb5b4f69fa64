import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import Fastify from 'fastify';
import type { App } from '../../../src/core/app.ts';
import { brokenStream } from './broken-stream.ts';

export async function createApp(): Promise<App> {
  const app = Fastify();
  const routes = new WeakMap<IncomingMessage, string>();
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    if (routeOptions.url !== undefined) routes.set(raw, routeOptions.url);
  });
  app.get<{ Params: { id: string } }>('/ok/:id', async ({ params }) => `ok ${params.id}`);
  app.get('/thrown', () => {
    throw new Error('thrown');
  });
  app.get('/rejected', async () => {
    await delay(1);
    throw new Error('rejected');
  });
  app.get('/streamed', (_request, reply) => reply.send(brokenStream()));
  await app.ready();
  return { listener: app.routing, routeOf: (req) => routes.get(req), close: () => app.close() };
}
