import type { GaugeValue } from './family.ts';

function sum(values: readonly GaugeValue[]): number {
  return values.reduce((total, { value }) => total + value, 0);
}

type Aggregate = (values: readonly GaugeValue[]) => number;

/**
 * How the values of one gauge series in several live slots become one: prom-client's aggregators, and `mostrecent`.
 * `omit` shows nothing and `all` one series a worker, so neither is here.
 */
const AGGREGATES = new Map<string, Aggregate>([
  ['sum', sum],
  ['first', (values) => values[0]!.value],
  ['min', (values) => values.reduce((least, { value }) => Math.min(least, value), Infinity)],
  ['max', (values) => values.reduce((most, { value }) => Math.max(most, value), -Infinity)],
  ['average', (values) => sum(values) / values.length],
  ['mostrecent', (values) => values.reduce((last, next) => (next.time > last.time ? next : last)).value],
]);

/** An aggregator that nobody knows adds up: one gauge's mistake must not blank every metric. */
export function aggregateGauge(aggregator: string, values: readonly GaugeValue[]): number {
  return (AGGREGATES.get(aggregator) ?? sum)(values);
}

/** A label of the gauge's own beside the label `worker` that `all` adds: never twice one name, as Prometheus itself does. */
export function besideWorker(label: string): string {
  return label === 'worker' ? 'exported_worker' : label;
}

export function isAggregator(name: string): boolean {
  return name === 'omit' || name === 'all' || AGGREGATES.has(name);
}
