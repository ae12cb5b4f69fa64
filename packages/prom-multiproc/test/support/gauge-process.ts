/** A process with a gauge of each aggregator, a collected gauge and a summary. Commands over IPC set their values. */
import { collectDefaultMetrics, Gauge, Summary } from 'prom-client';
import { share } from '../../src/index.ts';

const AGGREGATORS = ['sum', 'first', 'min', 'max', 'average', 'omit', 'all', 'mostrecent'];
const KEPT = ['keptsum', 'keptmin', 'keptmax', 'keptmostrecent', 'keptall'];

export type Command =
  | { set: number }
  | { kept: number }
  | { addKept: number }
  | { unlabelled: number }
  | { resetAll: true }
  | { collect: number }
  | { observe: number[] }
  | { defaults: true };

let measured = 0;
// The types of prom-client do not include the aggregators of this library.
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
// Gauges without labels, which every process registers and only some set.
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

function run(command: Command): void {
  if ('set' in command) for (const gauge of gauges) gauge.set({ x: '1' }, command.set);
  else if ('kept' in command) for (const gauge of kept) gauge.set({ x: '1' }, command.kept);
  else if ('addKept' in command) for (const gauge of kept) gauge.inc({ x: '1' }, command.addKept);
  else if ('unlabelled' in command) for (const gauge of unlabelled) gauge.set(command.unlabelled);
  else if ('resetAll' in command) for (const gauge of [...kept, ...unlabelled]) gauge.reset();
  else if ('collect' in command) measured = command.collect;
  else if ('observe' in command) for (const size of command.observe) sizes.observe(size);
  else collectDefaultMetrics();
}

process.on('message', (command: Command) => {
  run(command);
  process.send?.('done');
});
process.on('disconnect', () => process.exit());
process.send?.('done');
