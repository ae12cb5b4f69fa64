// Threads that are asked by the `WorkerRegistry` of @prometheus-io/client; tells the test what the main thread saw.
const { once } = require('node:events');
const { isMainThread, parentPort, Worker } = require('node:worker_threads');
const { Counter, WorkerRegistry } = require('@prometheus-io/client');
const { share } = require('../../src/index.ts');

const THREADS = 3;
const registry = new WorkerRegistry();

async function main() {
  const { PROMETHEUS_MULTIPROC_DIR } = process.env;
  const threads = Array.from({ length: THREADS }, () => new Worker(__filename));
  if (process.env.PRIMARY_SHARES === '1') share();
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  // They announce themselves by another way than their messages.
  while (WorkerRegistry.workerCount() < THREADS) await new Promise(setImmediate);
  const totals = [await registry.workerMetrics()];
  threads[0].postMessage('leave');
  const [left] = await once(threads[0], 'message');
  await threads[0].terminate();
  totals.push(await registry.workerMetrics());
  const successor = new Worker(__filename, { env: { ...process.env, PROMETHEUS_MULTIPROC_DIR } });
  await once(successor, 'message');
  while (WorkerRegistry.workerCount() < THREADS) await new Promise(setImmediate);
  totals.push(await registry.workerMetrics());
  process.send({ totals, code: left === 'left' ? 0 : 1 }, () => process.exit());
}

function thread() {
  share();
  new Counter({ name: 'requests_total', help: 'x' }).inc(2);
  parentPort.on('message', async () => {
    parentPort.postMessage(await registry.shutdown().then(() => 'left', String));
  });
  parentPort.postMessage('counted');
}

if (isMainThread) main();
else thread();
