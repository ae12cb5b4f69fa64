/**
 * A cluster whose code does not import this library, which the test preloads (`register.ts`). The workers count with
 * express-prom-bundle and prom-client's default metrics. The primary serves the `clusterMetrics()` of express-prom-bundle. Sends
 * the test its ports and the pid of each worker that exits.
 */
import cluster from 'node:cluster';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import promBundle from 'express-prom-bundle';
import { collectDefaultMetrics } from 'prom-client';

const WORKERS = 3;

function listen(app: Express, then: (port: number) => void): void {
  const server = app.listen(0, '127.0.0.1', () => then((server.address() as AddressInfo).port));
}

if (cluster.isPrimary) {
  const app = express();
  app.use('/metrics', promBundle.clusterMetrics());
  let port: number | undefined;
  let listening = 0;
  cluster.on('listening', (_, address) => {
    port = address.port;
    if (++listening === WORKERS) listen(app, (metricsPort) => process.send?.({ port, metricsPort }));
  });
  // After this event the primary passes no more connections to that worker.
  cluster.on('exit', (worker) => process.send?.({ exited: worker.process.pid }));
  for (let i = 0; i < WORKERS; i++) cluster.fork();
  process.on('disconnect', () => process.exit());
} else {
  collectDefaultMetrics();
  const app = express();
  app.use(promBundle({ autoregister: false, includeMethod: true, includePath: true }));
  app.get('/hello', (_, response) => {
    globalThis.gc!();
    response.send(String(process.pid));
  });
  listen(app, () => {});
}
