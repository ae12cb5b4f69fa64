import type { GaugeValue } from './family.ts';

type Aggregate = (values: readonly GaugeValue[]) => number;

/**
 * How the values of one gauge series in several live slots become one: prom-client's aggregators, and `mostrecent`.
 * `omit` shows nothing and `all` one series a worker, so neither is here.
 */
const AGGREGATES = new Map<string, Aggregate>([
  ['sum', (values) => values.reduce((sum, { value }) => sum + value, 0)],
  ['first', (values) => values[0]!.value],
  ['min', (values) => values.reduce((least, { value }) => Math.min(least, value), Infinity)],
  ['max', (values) => values.reduce((most, { value }) => Math.max(most, value), -Infinity)],
  ['average', (values) => values.reduce((sum, { value }) => sum + value, 0) / values.length],
  ['mostrecent', (values) => values.reduce((last, next) => (next.time > last.time ? next : last)).value],
]);

/** @throws Error for an aggregator that neither prom-client nor this library knows. */
export function aggregateGauge(aggregator: string, values: readonly GaugeValue[]): number {
  const aggregate = AGGREGATES.get(aggregator);
  if (aggregate === undefined) throw new Error(`'${aggregator}' is not a defined aggregator.`);
  return aggregate(values);
}

export function isAggregator(name: string): boolean {
  return name === 'omit' || name === 'all' || AGGREGATES.has(name);
}
