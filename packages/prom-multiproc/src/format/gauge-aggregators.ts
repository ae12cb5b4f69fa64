import { isTimed } from './layout.ts';

/**
 * A gauge has two totals: its value, and beside it what tells how it came about. NaN there: no slot has it. 0: it was never
 * set in a slot that has it. Above 0: the number of values for `average`, the time of the last write for `mostrecent`, else 1.
 */
export const GAUGE_TOTALS = 2;

/** Adds the value of a further slot to the totals at `at`. `time` is that of its last write, 0 if unknown. */
export type Fold = (totals: Float64Array, at: number, value: number, time: number) => void;

/**
 * How the values of one gauge series in several slots become one: prom-client's aggregators, and `mostrecent`.
 * `omit` shows nothing and `all` one series a worker, so neither is here. Slots come by ascending number.
 */
const FOLDS = new Map<string, Fold>([
  ['sum', add],
  ['first', () => {}],
  [
    'min',
    (totals, at, value) => {
      totals[at] = Math.min(totals[at]!, value);
    },
  ],
  [
    'max',
    (totals, at, value) => {
      totals[at] = Math.max(totals[at]!, value);
    },
  ],
  [
    'average',
    (totals, at, value) => {
      totals[at]! += value;
      totals[at + 1]! += 1;
    },
  ],
  [
    'mostrecent',
    (totals, at, value, time) => {
      if (time <= totals[at + 1]!) return;
      totals[at] = value;
      totals[at + 1] = time;
    },
  ],
]);

/** The aggregators that keep what dead processes have set, by that which does not. */
const KEPT = new Map(
  ['sum', 'min', 'max', 'mostrecent', 'all'].map((aggregator) => [`kept${aggregator}`, aggregator]),
);

/** What a gauge's cell holds that is registered and was never set: no value, for -0 that is set is stored as 0. */
export const NEVER_SET = -0;

export function isNeverSet(value: number): boolean {
  return Object.is(value, NEVER_SET);
}

function add(totals: Float64Array, at: number, value: number): void {
  totals[at]! += value;
}

/** Whether gauges of this aggregator keep what dead processes have set. */
export function keepsTheDead(aggregator: string): boolean {
  return KEPT.has(aggregator);
}

/** How the aggregator makes one of several values: `keptsum` as `sum`. */
export function withoutKeeping(aggregator: string): string {
  return KEPT.get(aggregator) ?? aggregator;
}

/** Whether each slot's value is shown. */
export function isBySlot(aggregator: string): boolean {
  return withoutKeeping(aggregator) === 'all';
}

/** The start of the application is that of its oldest process, though prom-client leaves it out of what it aggregates. */
export function shownAggregator(name: string, aggregator: string): string {
  return aggregator === 'omit' && name.endsWith('process_start_time_seconds') ? 'min' : aggregator;
}

/**
 * A value that was never set takes no part beside one that was. An aggregator that nobody knows adds up: one gauge's mistake
 * must not blank every metric.
 */
export function foldOf(aggregator: string): Fold {
  const fold = FOLDS.get(withoutKeeping(aggregator)) ?? add;
  const timed = isTimed(aggregator);
  return (totals, at, value, time) => {
    const isSet = timed ? time > 0 : !isNeverSet(value);
    const beside = totals[at + 1]!;
    if (isSet && beside > 0) return fold(totals, at, value, time);
    if (!isSet && !Number.isNaN(beside)) return;
    totals[at] = value + 0;
    totals[at + 1] = isSet ? (timed ? time : 1) : 0;
  };
}

/** The one value of a gauge in all slots; undefined where no slot has it. */
export function gaugeValue(aggregator: string, totals: Float64Array, at: number): number | undefined {
  const beside = totals[at + 1]!;
  if (Number.isNaN(beside)) return undefined;
  return aggregator === 'average' && beside > 0 ? totals[at]! / beside : totals[at]!;
}

/** A label of the gauge's own beside the label `worker` that `all` adds: never twice one name, as Prometheus itself does. */
export function besideWorker(label: string): string {
  return label === 'worker' ? 'exported_worker' : label;
}

export function isAggregator(name: string): boolean {
  const known = withoutKeeping(name);
  return known === 'omit' || known === 'all' || FOLDS.has(known);
}
