/** A gauge has two totals: its value and, for some aggregators, what that needs beside it. NaN there: no slot has it. */
export const GAUGE_TOTALS = 2;

/** Adds the value of a further slot to the totals at `at`. `time` is the Unix time of its last write, 0 if unknown. */
export type Fold = (totals: Float64Array, at: number, value: number, time: number) => void;

/**
 * How the values of one gauge series in several live slots become one: prom-client's aggregators, and `mostrecent`.
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

function add(totals: Float64Array, at: number, value: number): void {
  totals[at]! += value;
}

/** An aggregator that nobody knows adds up: one gauge's mistake must not blank every metric. */
export function foldOf(aggregator: string): Fold {
  const fold = FOLDS.get(aggregator) ?? add;
  const timed = aggregator === 'mostrecent';
  return (totals, at, value, time) => {
    if (!Number.isNaN(totals[at + 1]!)) return fold(totals, at, value, time);
    totals[at] = 0 + value;
    totals[at + 1] = timed ? time : 1;
  };
}

/** The one value of a gauge in all slots; undefined where no slot has it. */
export function gaugeValue(aggregator: string, totals: Float64Array, at: number): number | undefined {
  const beside = totals[at + 1]!;
  if (Number.isNaN(beside)) return undefined;
  return aggregator === 'average' ? totals[at]! / beside : totals[at]!;
}

/** A label of the gauge's own beside the label `worker` that `all` adds: never twice one name, as Prometheus itself does. */
export function besideWorker(label: string): string {
  return label === 'worker' ? 'exported_worker' : label;
}

export function isAggregator(name: string): boolean {
  return name === 'omit' || name === 'all' || FOLDS.has(name);
}
