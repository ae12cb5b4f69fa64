import type { ClientEntry } from './prom-client-internals.ts';
import { SharedSeries, type WriteGuard } from './shared-series.ts';

/**
 * Turns the numbers of an entry of prom-client's storage into accessors on the cells of a series. Whoever holds the
 * entry, such as a bound child or a timer taken earlier, then counts in the cells.
 */
export function captureEntry(
  entry: ClientEntry,
  bounds: readonly number[],
  timed: boolean,
  guard: WriteGuard,
): SharedSeries {
  const values = valuesOf(entry, bounds);
  // Set at some time before it was captured, but for the zero that a gauge begins with.
  const time = values[0] === 0 ? 0 : now();
  const series = new SharedSeries(entry, timed ? Float64Array.of(...values, time) : values);
  if (entry.bucketValues !== undefined) captureHistogram(entry, entry.bucketValues, bounds, series, guard);
  else if (entry.sum !== undefined) captureSummary(entry, series, guard);
  else if (timed) captureTimedCell(entry, series, guard);
  else captureCell(entry, 'value', 0, series, guard);
  return series;
}

/** The numbers of a plain entry in the order of the cells. */
export function valuesOf(entry: ClientEntry, bounds: readonly number[]): Float64Array {
  const { bucketValues } = entry;
  if (bucketValues === undefined) {
    if (entry.sum === undefined) return Float64Array.of(entry.value!);
    return Float64Array.of(entry.sum, entry.count!, ...bounds.map(() => 0));
  }
  const counts = bounds.map((bound) => bucketValues[bound]!);
  const inBounds = counts.reduce((sum, count) => sum + count, 0);
  return Float64Array.of(entry.sum!, ...counts, entry.count! - inBounds);
}

/** Must be told when prom-client has finished an observation through its storage: see `captureHistogram`. */
export function settleEntry(entry: ClientEntry): void {
  SETTLE.get(entry)?.();
}

const SETTLE = new WeakMap<ClientEntry, () => void>();

function captureSummary(entry: ClientEntry, series: SharedSeries, guard: WriteGuard): void {
  captureCell(entry, 'sum', 0, series, guard);
  captureCell(entry, 'count', 1, series, guard);
}

/**
 * The count of a histogram is derived from its buckets. prom-client raises `count` first, then a bucket, or none for a
 * value above all bounds, and then stores the entry again: what `count` was raised by waits outside the cells until
 * one of the two says where it belongs, so that no cell ever goes down.
 */
function captureHistogram(
  entry: ClientEntry,
  bucketValues: Record<string, number>,
  bounds: readonly number[],
  series: SharedSeries,
  guard: WriteGuard,
): void {
  let waiting = 0;
  captureCell(entry, 'sum', 0, series, guard);
  const total = (): number => {
    let count = 0;
    for (let i = 0; i <= bounds.length; i++) count += series.array[series.base + 1 + i]!;
    return count;
  };
  define(entry, 'count', {
    get: () => total() + waiting,
    set: (count: number) => {
      guard.beforeWrite();
      waiting = count - total();
    },
  });
  bounds.forEach((bound, i) => {
    define(bucketValues, String(bound), {
      get: () => series.array[series.base + 1 + i]!,
      set: (count: number) => {
        guard.beforeWrite();
        waiting -= count - series.array[series.base + 1 + i]!;
        series.array[series.base + 1 + i] = count;
      },
    });
  });
  SETTLE.set(entry, () => {
    if (waiting > 0) series.add(1 + bounds.length, waiting);
    waiting = 0;
  });
}

function captureCell(
  entry: ClientEntry,
  property: 'value' | 'sum' | 'count',
  offset: number,
  series: SharedSeries,
  guard: WriteGuard,
): void {
  define(entry, property, {
    get: () => series.array[series.base + offset]!,
    set: (value: number) => {
      guard.beforeWrite();
      if (guard.accepts(value)) series.array[series.base + offset] = value;
    },
  });
}

/** A value with the time of its last write in the cell after it. */
function captureTimedCell(entry: ClientEntry, series: SharedSeries, guard: WriteGuard): void {
  define(entry, 'value', {
    get: () => series.array[series.base]!,
    set: (value: number) => {
      guard.beforeWrite();
      series.array[series.base + 1] = now();
      series.array[series.base] = value;
    },
  });
}

function now(): number {
  return Date.now() / 1000;
}

function define<T>(target: object, property: string, accessors: { get(): T; set(value: T): void }): void {
  Object.defineProperty(target, property, { ...accessors, enumerable: true, configurable: true });
}
