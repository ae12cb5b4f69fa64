// A cluster that uses prom-client and whose code does not import this library. Its primary calls clusterMetrics(), as in
// https://github.com/siimon/prom-client/blob/master/example/cluster.js
const cluster = require('node:cluster');
const { AggregatorRegistry, Counter, collectDefaultMetrics } = require('prom-client');

const WORKERS = 3;

if (cluster.isPrimary) {
  const aggregator = new AggregatorRegistry();
  for (let i = 0; i < WORKERS; i++) cluster.fork();
  let counted = 0;
  cluster.on('message', async (_, message) => {
    if (message !== 'counted' || ++counted < WORKERS) return;
    const text = await aggregator.clusterMetrics();
    process.stdout.write(JSON.stringify([text, aggregator.contentType]));
    for (const worker of Object.values(cluster.workers)) worker.kill('SIGKILL');
  });
} else {
  // Makes the worker answer requests of the primary.
  new AggregatorRegistry();
  collectDefaultMetrics();
  new Counter({ name: 'requests_total', help: 'x' }).inc(2);
  // The library refreshes the default metrics right after the first count.
  setImmediate(() => process.send('counted'));
}
