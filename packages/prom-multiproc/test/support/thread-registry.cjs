// Threads with the `WorkerRegistry` of @prometheus-io/client. Sends the test the totals that the main thread shows before a thread
// shuts down, after it, and after another thread has taken its slot.
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
  // Threads register with the WorkerRegistry on a separate channel.
  while (WorkerRegistry.workerCount() < THREADS) await new Promise(setImmediate);
  const totals = [await registry.workerMetrics()];
  threads[0].postMessage('shutdown');
  const [result] = await once(threads[0], 'message');
  await threads[0].terminate();
  totals.push(await registry.workerMetrics());
  const successor = new Worker(__filename, { env: { ...process.env, PROMETHEUS_MULTIPROC_DIR } });
  await once(successor, 'message');
  while (WorkerRegistry.workerCount() < THREADS) await new Promise(setImmediate);
  totals.push(await registry.workerMetrics());
  process.send({ totals, code: result === 'ok' ? 0 : 1 }, () => process.exit());
}

function thread() {
  share();
  new Counter({ name: 'requests_total', help: 'x' }).inc(2);
  parentPort.on('message', async () => {
    parentPort.postMessage(await registry.shutdown().then(() => 'ok', String));
  });
  parentPort.postMessage('counted');
}

if (isMainThread) main();
else thread();
