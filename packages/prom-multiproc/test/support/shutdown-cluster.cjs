// A cluster of @prometheus-io/client of which a worker leaves by `shutdown()` and another takes its place; tells the test
// what the primary saw before, between and after.
const cluster = require('node:cluster');
const { once } = require('node:events');
const { ClusterRegistry, Counter } = require('@prometheus-io/client');
const { share } = require('../../src/index.ts');

const registry = new ClusterRegistry();

async function counting() {
  const worker = cluster.fork();
  // Beside those of the client.
  while ((await once(worker, 'message'))[0] !== 'counted');
  return worker;
}

async function primary() {
  const [leaving] = [await counting(), await counting()];
  if (process.env.PRIMARY_SHARES === '1') share();
  const totals = [await registry.clusterMetrics()];
  leaving.send('leave');
  const [code] = await once(leaving, 'exit');
  totals.push(await registry.clusterMetrics());
  await counting();
  totals.push(await registry.clusterMetrics());
  process.send({ totals, code });
  process.on('disconnect', () => process.exit());
}

function worker() {
  share();
  new Counter({ name: 'requests_total', help: 'x' }).inc(2);
  process.on('message', async (message) => {
    if (message === 'leave')
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
