/** A copy of an application, started by a process manager. Counts, reports ready, and exits on SIGINT. */
import { parentPort } from 'node:worker_threads';
import { Counter, Gauge, Histogram } from 'prom-client';
import { share } from '../../src/index.ts';
import { COUNTS_PER_COPY } from './managed-copies.ts';

const requests = new Counter({ name: 'requests_total', help: 'Requests', labelNames: ['route'] });
const seconds = new Histogram({ name: 'seconds', help: 'Seconds', buckets: [1] });
const workers = new Gauge({ name: 'workers', help: 'Workers' });
share();
workers.set(1);
for (let i = 0; i < COUNTS_PER_COPY; i++) {
  requests.inc({ route: '/' });
  seconds.observe(i % 2);
}

process.on('SIGINT', () => process.exit(0));
process.on('disconnect', () => process.exit());
if (parentPort !== null) {
  parentPort.on('message', () => {});
  parentPort.postMessage('ready');
} else {
  process.send?.('ready');
  setInterval(() => {}, 1000);
}
