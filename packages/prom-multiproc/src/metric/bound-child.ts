import type { ClientLabels } from '../client/client-internals.ts';
import { CELL_OF_BUCKETS } from '../format/layout.ts';
import { bucketOf } from '../util/buckets.ts';
import type { MakeChild } from './labels-method.ts';
import type { SharedMetric } from './shared-metric.ts';
import type { SharedSeries } from './shared-series.ts';

export type Inc = (labels?: unknown, value?: unknown) => void;
export type Observe = (labels?: unknown, value?: unknown) => void;

/** Makes the children that `labels()` of a counter returns. They count in their series without another lookup. */
export function counterChildren(metric: SharedMetric, inc: Inc): MakeChild {
  return (labels, known) => {
    const bound = new BoundSeries(labels, known);
    return {
      inc(value?: unknown): void {
        const series = bound.get(metric);
        if (series === undefined) inc(bound.labels, value);
        else if (value === undefined) series.add(0, 1);
        else if (isFiniteNumber(value) && value >= 0) series.add(0, value);
        else inc(bound.labels, value);
      },
    };
  };
}

/** Makes the children that `labels()` of a histogram returns. */
export function histogramChildren(metric: SharedMetric, observe: Observe): MakeChild {
  const client = metric.client as unknown as { startTimer(labels: unknown): unknown };
  return (labels, known) => {
    const bound = new BoundSeries(labels, known);
    const { bounds } = metric;
    return {
      observe(value: unknown): void {
        const series = bound.get(metric);
        if (series === undefined || !isFiniteNumber(value)) {
          observe(bound.labels, value);
          return;
        }
        series.add(CELL_OF_BUCKETS + bucketOf(bounds, value), 1);
        series.add(0, value);
      },
      startTimer: () => client.startTimer(bound.labels),
    };
  };
}

/** The series of fixed labels. It is looked up only while it does not exist, and after the metric has dropped it. */
export class BoundSeries {
  readonly labels: ClientLabels;
  #series: SharedSeries | undefined;

  constructor(labels: ClientLabels, known: SharedSeries | undefined) {
    this.labels = labels;
    this.#series = known;
  }

  /** Undefined until the first write to the series. */
  get(metric: SharedMetric): SharedSeries | undefined {
    const series = this.#series;
    if (series !== undefined && !series.isDropped) return series;
    this.#series = metric.known(this.labels);
    return this.#series;
  }
}

/** As `Number.isFinite`, but faster. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && value < Infinity && value > -Infinity;
}
