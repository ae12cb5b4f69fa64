import type { IncomingMessage } from 'node:http';
import Fastify from 'fastify';
import { Counter } from 'prom-client';

/** An application that uses only Fastify and prom-client, and nothing of the template. */
const greetings = new Counter({
  name: 'greetings_total',
  help: 'Greetings, by language',
  labelNames: ['language'],
});

export async function createApp() {
  const app = Fastify();
  const routes = new WeakMap<IncomingMessage, string>();
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    if (routeOptions.url !== undefined) routes.set(raw, routeOptions.url);
  });
  app.get<{ Params: { name: string } }>('/greet/:name', async ({ params }) => {
    greetings.inc({ language: 'en' });
    return { greeting: `Hello ${params.name}` };
  });
  await app.ready();
  return {
    listener: app.routing,
    routeOf: (req: IncomingMessage) => routes.get(req),
    close: () => app.close(),
  };
}
