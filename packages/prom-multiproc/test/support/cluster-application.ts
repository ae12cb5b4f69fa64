/** A cluster with one worker, which shares its metrics. Sends the test the pid of the worker. */
import cluster from 'node:cluster';
import { Counter } from 'prom-client';
import { share } from '../../src/index.ts';

if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('message', () => process.send?.({ worker: worker.process.pid }));
  process.on('disconnect', () => process.exit());
} else {
  const counter = new Counter({ name: 'requests_total', help: 'Requests', labelNames: ['route'] });
  share();
  counter.inc({ route: '/' });
  process.send?.('counted');
  setInterval(() => {}, 1000);
}
