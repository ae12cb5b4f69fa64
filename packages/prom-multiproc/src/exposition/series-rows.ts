import { gaugeValue } from '../format/gauge-aggregators.ts';
import { CELL_OF_BUCKETS, CELL_OF_COUNT, CELL_OF_QUANTILES, CELL_OF_START } from '../format/layout.ts';
import type { Family } from '../merge/family.ts';

/**
 * The values of a series in the order of its lines. Counter or gauge: one value. Histogram: cumulative counts by bound, then sum
 * and count. Summary: quantiles, then sum and count.
 */
export interface SeriesRows {
  /** Bounds of a histogram without +Inf, or quantiles of a summary. */
  readonly bounds: readonly number[];
  readonly values: readonly number[];
  /** Unix time in seconds at which the series began in the oldest slot. 0 for a gauge, and if unknown. */
  readonly start: number;
}

interface Part {
  readonly bounds: readonly number[];
  readonly base: number;
}

/** Returns the values of `group`: the same labels with different bounds. Undefined if no slot has any of them. */
export function rowsOf(
  { table, type, aggregator }: Family,
  group: readonly number[],
): SeriesRows | undefined {
  const { totals } = table;
  const parts = group.map((series): Part => {
    const { bounds } = table.shapes[table.shapeOf.array[series]!]!;
    return { bounds, base: table.bases.array[series]! };
  });
  if (type === 'gauge') {
    const value = aggregator === 'omit' ? undefined : gaugeValue(aggregator, totals, parts[0]!.base);
    return value === undefined ? undefined : { bounds: [], values: [value], start: 0 };
  }
  const present = parts.filter(({ base }) => !Number.isNaN(totals[base]!));
  if (present.length === 0) return undefined;
  const start = Math.min(...present.map(({ base }) => totals[base + CELL_OF_START]!));
  if (type === 'counter') return { bounds: [], values: [totals[present[0]!.base]!], start };
  const rows = type === 'summary' ? summaryRows(present, totals) : bucketRows(parts, present, totals);
  return { ...rows, start };
}

/** Shows the quantiles of the latest definition. */
function summaryRows(present: readonly Part[], totals: Float64Array): Omit<SeriesRows, 'start'> {
  const { bounds, base } = present.at(-1)!;
  const total = (offset: number): number =>
    present.reduce((sum, part) => sum + totals[part.base + offset]!, 0);
  return {
    bounds,
    values: [...bounds.map((_, i) => totals[base + CELL_OF_QUANTILES + i]!), total(0), total(CELL_OF_COUNT)],
  };
}

/** Shows the union of the bounds of all definitions, also of series that are absent now: a bucket that was shown stays. */
function bucketRows(
  parts: readonly Part[],
  present: readonly Part[],
  totals: Float64Array,
): Omit<SeriesRows, 'start'> {
  const counts = new Map<number, number>();
  let sum = 0;
  for (const { bounds, base } of present) {
    sum += totals[base]!;
    for (let i = 0; i <= bounds.length; i++) {
      const bound = bounds[i] ?? Infinity;
      counts.set(bound, (counts.get(bound) ?? 0) + totals[base + CELL_OF_BUCKETS + i]!);
    }
  }
  const bounds = [...new Set(parts.flatMap((part) => part.bounds))].sort((a, b) => a - b);
  let count = 0;
  const values = [...bounds, Infinity].map((bound) => {
    count += counts.get(bound) ?? 0;
    return count;
  });
  return { bounds, values: [...values, sum, count] };
}
