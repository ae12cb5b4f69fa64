// Two cluster workers count 1,000 each; the primary prints the totals.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { Counter, register } from 'prom-client';
import { metricsHandler, share } from 'prom-multiproc';
import { clearDirectory } from 'prom-multiproc/clear-directory';

const requests = new Counter({ name: 'requests_total', help: 'x' });

async function run() {
  if (cluster.isPrimary) await clearDirectory(process.env.PROMETHEUS_MULTIPROC_DIR, { waitMs: 0 });
  share(register);
  if (cluster.isWorker) {
    requests.inc(1000);
    process.send('counted');
    return;
  }
  metricsHandler();
  const workers = [cluster.fork(), cluster.fork()];
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  try {
    console.log(await register.metrics());
  } finally {
    for (const worker of workers) worker.process.kill('SIGKILL');
  }
}

run().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
