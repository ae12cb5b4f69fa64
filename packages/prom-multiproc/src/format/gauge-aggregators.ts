import { isTimed } from './layout.ts';

/**
 * Number of totals of a gauge: its value, and a state. The state is NaN if no slot has the gauge, and 0 if no slot has set it.
 * Otherwise it is the number of values for `average`, the time of the last write for `mostrecent`, and 1 for the others.
 */
export const GAUGE_TOTALS = 2;

/** Merges the value of one more slot into the totals at `at`. `time` is the time of its last write, 0 if unknown. */
export type Fold = (totals: Float64Array, at: number, value: number, time: number) => void;

/** How the values of a gauge are merged, slot by slot in ascending order: FORMAT.md#merging. `omit` and `all` merge nothing. */
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

/** The aggregators that keep values of dead processes; each merges like the one it maps to. */
const KEPT = new Map(
  ['sum', 'min', 'max', 'mostrecent', 'all'].map((aggregator) => [`kept${aggregator}`, aggregator]),
);

/** Content of a gauge's cell that was never set. A writer stores 0 if the application sets -0. */
export const NEVER_SET = -0;

export function isNeverSet(value: number): boolean {
  return Object.is(value, NEVER_SET);
}

function add(totals: Float64Array, at: number, value: number): void {
  totals[at]! += value;
}

/** Whether gauges of this aggregator keep the values of dead processes. */
export function keepsDeadValues(aggregator: string): boolean {
  return KEPT.has(aggregator);
}

/** The aggregator by which values are merged: `sum` for `keptsum`. */
export function mergedAs(aggregator: string): string {
  return KEPT.get(aggregator) ?? aggregator;
}

/** Whether the value of each slot is shown as a series of its own. */
export function isBySlot(aggregator: string): boolean {
  return mergedAs(aggregator) === 'all';
}

/**
 * The aggregator to use for a metric. `process_start_time_seconds`, which prom-client omits from its aggregation, shows the start
 * of the oldest process.
 */
export function shownAggregator(name: string, aggregator: string): string {
  return aggregator === 'omit' && name.endsWith('process_start_time_seconds') ? 'min' : aggregator;
}

/** The fold of an aggregator. Values that were never set are ignored if another was set. Unknown aggregators are summed. */
export function foldOf(aggregator: string): Fold {
  const fold = FOLDS.get(mergedAs(aggregator)) ?? add;
  const timed = isTimed(aggregator);
  return (totals, at, value, time) => {
    const isSet = timed ? time > 0 : !isNeverSet(value);
    const state = totals[at + 1]!;
    if (isSet && state > 0) return fold(totals, at, value, time);
    if (!isSet && !Number.isNaN(state)) return;
    totals[at] = value + 0;
    totals[at + 1] = isSet ? (timed ? time : 1) : 0;
  };
}

/** The merged value of a gauge; undefined if no slot has it. */
export function gaugeValue(aggregator: string, totals: Float64Array, at: number): number | undefined {
  const state = totals[at + 1]!;
  if (Number.isNaN(state)) return undefined;
  return aggregator === 'average' && state > 0 ? totals[at]! / state : totals[at]!;
}

/**
 * The name under which a gauge's own label is shown beside the label `worker` of the aggregator `all`. The prefix `exported_` is
 * that of [Prometheus](https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config) (honor_labels),
 * which repeats it, too, if the gauge has a label of that name.
 */
export function exportedLabel(label: string, { labelNames }: { labelNames: ReadonlySet<string> }): string {
  if (label !== 'worker') return label;
  let name = 'exported_worker';
  while (labelNames.has(name)) name = `exported_${name}`;
  return name;
}

export function isAggregator(name: string): boolean {
  const known = mergedAs(name);
  return known === 'omit' || known === 'all' || FOLDS.has(known);
}
