/**
 * One of two versions of an application with different definitions of its metrics: `version-process.ts 1|2`. Counts once, then
 * sends its metrics and warnings for each message.
 */
import { Counter, Gauge, Histogram, register, Summary } from 'prom-client';
import { share } from '../../src/index.ts';

const second = process.argv[2] === '2';
const version = process.argv[2]!;
const warnings: string[] = [];
// Not Node's own, which node:ffi causes.
process.on('warning', ({ name, message }) => name === 'ExperimentalWarning' || warnings.push(message));
share();

const help = `Help of version ${version}`;
const labelNames = second ? ['region', 'route'] : ['route'];
const labels = second ? { region: 'eu', route: '/' } : { route: '/' };

// Type.
if (second) new Gauge({ name: 'typed', help }).set(70);
else new Counter({ name: 'typed', help }).inc(7);
// Labels.
new Counter({ name: 'labelled_total', help, labelNames }).inc(labels);
// Only the help text.
new Counter({ name: 'helped_total', help }).inc();
// Aggregator.
new Gauge({ name: 'aggregated', help, aggregator: second ? 'max' : 'sum' }).set(second ? 5 : 3);
new Gauge({ name: 'timed', help, aggregator: (second ? 'mostrecent' : 'sum') as 'sum' }).set(1);
// Buckets.
const histogram = new Histogram({ name: 'seconds', help, buckets: second ? [1, 3, 10] : [1, 2] });
for (const value of [0.5, 2, 5]) histogram.observe(value);
// Percentiles.
const percentiles = second ? [0.1, 0.9] : [0.5];
const summary = new Summary({ name: 'sizes', help, labelNames: ['route'], percentiles });
summary.observe({ route: '/' }, 4);
if (!second) summary.observe({ route: '/old' }, 4);

process.on('message', async () => {
  const json = await register.getMetricsAsJSON();
  process.send?.({ text: await register.metrics(), json: JSON.stringify(json), warnings });
});
process.on('disconnect', () => process.exit());
process.send?.('counted');
