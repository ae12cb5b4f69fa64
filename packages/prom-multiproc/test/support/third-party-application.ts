/**
 * An application whose third-party middleware creates and serves the metrics. Its code does not import this library, which the test
 * preloads (`register.ts`). Sends the test its port.
 */
import express from 'express';
import promBundle from 'express-prom-bundle';
import Fastify from 'fastify';
import fastifyMetrics from 'fastify-metrics';

async function listenExpress(): Promise<number> {
  const app = express();
  app.use(
    promBundle({
      includeMethod: true,
      includePath: true,
      promClient: { collectDefaultMetrics: {} },
    }),
  );
  app.get('/hello', (_, response) => void response.send('Hello'));
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

async function listenFastify(): Promise<number> {
  const app = Fastify();
  await app.register(fastifyMetrics.default, { endpoint: '/metrics' });
  app.get('/hello', async () => 'Hello');
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as { port: number }).port;
}

const port = await (process.argv[2] === 'fastify' ? listenFastify() : listenExpress());
process.on('disconnect', () => process.exit());
process.send?.(port);
