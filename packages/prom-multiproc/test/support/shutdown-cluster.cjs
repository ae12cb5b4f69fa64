// A cluster with the `ClusterRegistry` of @prometheus-io/client. Sends the test the totals that the primary shows before a worker
// shuts down by `shutdown()`, after it, and after another worker has taken its slot.
const cluster = require('node:cluster');
const { once } = require('node:events');
const { ClusterRegistry, Counter } = require('@prometheus-io/client');
const { share } = require('../../src/index.ts');

const registry = new ClusterRegistry();

async function forkCounting() {
  const worker = cluster.fork();
  // The client sends its own messages, too.
  while ((await once(worker, 'message'))[0] !== 'counted');
  return worker;
}

async function primary() {
  const [first] = [await forkCounting(), await forkCounting()];
  if (process.env.PRIMARY_SHARES === '1') share();
  const totals = [await registry.clusterMetrics()];
  first.send('shutdown');
  const [code] = await once(first, 'exit');
  totals.push(await registry.clusterMetrics());
  await forkCounting();
  totals.push(await registry.clusterMetrics());
  process.send({ totals, code });
  process.on('disconnect', () => process.exit());
}

function worker() {
  share();
  new Counter({ name: 'requests_total', help: 'x' }).inc(2);
  process.on('message', async (message) => {
    if (message === 'shutdown')
      process.exit(
        await registry.shutdown().then(
          () => 0,
          () => 1,
        ),
      );
  });
  process.send('counted');
}

if (cluster.isPrimary) primary();
else worker();
