/** A worker thread that counts once and keeps running. */
import { parentPort } from 'node:worker_threads';
import { Counter } from 'prom-client';
import { share } from '../../src/index.ts';

const counter = new Counter({ name: 'requests_total', help: 'Requests', labelNames: ['route'] });
share();
counter.inc({ route: '/' });
parentPort?.on('message', () => {});
parentPort?.postMessage('counted');
