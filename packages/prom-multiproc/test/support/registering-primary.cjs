// A cluster whose primary also registers the metric. Sends the test the result of AggregatorRegistry's clusterMetrics().
const cluster = require('node:cluster');
const { AggregatorRegistry, Counter, register } = require('prom-client');
const { share } = require('../../src/index.ts');

share(register);
const all = new AggregatorRegistry();
const x = new Counter({ name: 'x_total', help: 'x' });

if (cluster.isPrimary) {
  let counted = 0;
  cluster.on('message', async (_, message) => {
    if (message === 'counted' && ++counted === 2) process.send({ text: await all.clusterMetrics() });
  });
  for (let i = 0; i < 2; i++) cluster.fork();
  process.on('disconnect', () => process.exit());
} else {
  x.inc(5);
  process.send('counted');
  setInterval(() => {}, 1000);
}
