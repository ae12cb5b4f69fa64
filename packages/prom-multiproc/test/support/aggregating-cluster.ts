/** A cluster that aggregates with prom-client's `AggregatorRegistry`. Sends the test the results of `clusterMetrics()`. */
import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, Counter, Gauge } from 'prom-client';
import { share } from '../../src/index.ts';

const WORKERS = 3;

const aggregator = new AggregatorRegistry();
if (cluster.isPrimary) {
  const workers: Worker[] = [];
  for (let i = 0; i < WORKERS; i++) workers.push(cluster.fork());
  if (process.env.PRIMARY_SHARES === '1') share();
  else delete process.env.PROMETHEUS_MULTIPROC_DIR;
  let counted = 0;
  cluster.on('message', async (worker, message: unknown) => {
    if (message !== 'counted' || ++counted < WORKERS) return;
    const first = await aggregator.clusterMetrics();
    worker.kill('SIGKILL');
    await new Promise((resolve) => worker.once('exit', resolve));
    const afterDeath = process.env.PRIMARY_SHARES === '1' ? await aggregator.clusterMetrics() : undefined;
    process.send?.({ first, afterDeath });
  });
  process.on('disconnect', () => process.exit());
} else {
  share();
  new Counter({ name: 'requests_total', help: 'Requests' }).inc(2);
  for (const aggregator of ['all', 'mostrecent', 'median', 'max']) {
    new Gauge({ name: `g_${aggregator}`, help: 'x', aggregator: aggregator as 'sum' }).set(7);
  }
  process.send?.('counted');
}
