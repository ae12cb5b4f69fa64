/** A process with a gauge of every aggregator and things that only it can measure; told over IPC what they are. */
import { collectDefaultMetrics, Gauge, Summary } from 'prom-client';
import { share } from '../index.ts';

const AGGREGATORS = ['sum', 'first', 'min', 'max', 'average', 'omit', 'all', 'mostrecent'] as const;

export type Order = { set: number } | { collect: number } | { observe: number[] } | { defaults: true };

let measured = 0;
const gauges = AGGREGATORS.map(
  (aggregator) =>
    // prom-client's types know its own aggregators only.
    new Gauge({ name: `g_${aggregator}`, help: 'x', labelNames: ['x'], aggregator: aggregator as 'sum' }),
);
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
