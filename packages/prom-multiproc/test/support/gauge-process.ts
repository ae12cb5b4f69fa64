/** A process with a gauge of every aggregator and things that only it can measure; told over IPC what they are. */
import { collectDefaultMetrics, Gauge, Summary } from 'prom-client';
import { share } from '../../src/index.ts';

const AGGREGATORS = ['sum', 'first', 'min', 'max', 'average', 'omit', 'all', 'mostrecent'];
const KEPT = ['keptsum', 'keptmin', 'keptmax', 'keptmostrecent', 'keptall'];

export type Order =
  | { set: number }
  | { kept: number }
  | { addKept: number }
  | { unlabelled: number }
  | { resetAll: true }
  | { collect: number }
  | { observe: number[] }
  | { defaults: true };

let measured = 0;
// prom-client's types know its own aggregators only.
const [gauges, kept] = [AGGREGATORS, KEPT].map((all) =>
  all.map((aggregator) => {
    return new Gauge({
      name: `g_${aggregator}`,
      help: 'x',
      labelNames: ['x'],
      aggregator: aggregator as 'sum',
    });
  }),
) as [Gauge[], Gauge[]];
// Without labels: registered in every process, set in some.
const unlabelled = [...AGGREGATORS, ...KEPT].map((aggregator) => {
  return new Gauge({ name: `u_${aggregator}`, help: 'x', aggregator: aggregator as 'sum' });
});
new Gauge({
  name: 'collected',
  help: 'x',
  collect() {
    this.set(measured);
  },
});
const sizes = new Summary({ name: 'sizes', help: 'x', percentiles: [0.5, 1] });
share();

function obey(order: Order): void {
  if ('set' in order) for (const gauge of gauges) gauge.set({ x: '1' }, order.set);
  else if ('kept' in order) for (const gauge of kept) gauge.set({ x: '1' }, order.kept);
  else if ('addKept' in order) for (const gauge of kept) gauge.inc({ x: '1' }, order.addKept);
  else if ('unlabelled' in order) for (const gauge of unlabelled) gauge.set(order.unlabelled);
  else if ('resetAll' in order) for (const gauge of [...kept, ...unlabelled]) gauge.reset();
  else if ('collect' in order) measured = order.collect;
  else if ('observe' in order) for (const size of order.observe) sizes.observe(size);
  else collectDefaultMetrics();
}

process.on('message', (order: Order) => {
  obey(order);
  process.send?.('done');
});
process.on('disconnect', () => process.exit());
process.send?.('done');
