/** A cluster whose primary and one worker serve their metrics on separate ports. Sends the test the ports. */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter } from 'prom-client';
import { metricsHandler, share } from '../../src/index.ts';

const requests = new Counter({ name: 'requests_total', help: 'Requests' });
share();

const server = createServer(metricsHandler());
const listening = new Promise<number>((resolve) => {
  // `exclusive`: otherwise the worker would listen on the port of the primary.
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () =>
    resolve((server.address() as AddressInfo).port),
  );
});

if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('message', async (port: number) => process.send?.({ primary: await listening, worker: port }));
} else {
  requests.inc();
  process.send?.(await listening);
}
process.on('disconnect', () => process.exit());
