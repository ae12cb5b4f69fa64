// A cluster whose primary shares. The arguments are the kinds of its workers: `shared`, `idle` (shares but does not count), `plain`
// (does not share) or `silent` (does not answer). Sends the test three results of clusterMetrics().
const cluster = require('node:cluster');
const { AggregatorRegistry, Counter, Gauge, register } = require('prom-client');
const { share } = require('../../src/index.ts');

async function primary() {
  share(register);
  const all = new AggregatorRegistry();
  for (const kind of process.argv.slice(2)) {
    const worker = cluster.fork({ KIND: kind });
    await new Promise((ready) => worker.on('message', (message) => message === 'counted' && ready()));
  }
  const texts = [];
  for (let i = 0; i < 3; i++) texts.push(await all.clusterMetrics());
  process.send({ texts });
  process.on('disconnect', () => process.exit());
}

function worker() {
  const { KIND } = process.env;
  if (KIND === 'plain' || KIND === 'silent') delete process.env.PROMETHEUS_MULTIPROC_DIR;
  else share(register);
  if (KIND !== 'silent') new AggregatorRegistry();
  const x = new Counter({ name: 'x_total', help: 'x' });
  if (KIND === 'shared') new Gauge({ name: 'g', help: 'x', aggregator: 'all' }).set(7);
  if (KIND !== 'idle') x.inc(5);
  process.send('counted');
}

if (cluster.isPrimary) primary();
else worker();
