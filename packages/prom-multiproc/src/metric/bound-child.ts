import type { ClientLabels } from '../client/client-internals.ts';
import { bucketOf } from '../util/buckets.ts';
import type { SharedMetric } from './shared-metric.ts';
import type { SharedSeries } from './shared-series.ts';

export type Inc = (labels?: unknown, value?: unknown) => void;
export type Observe = (labels?: unknown, value?: unknown) => void;

/** Returns the child that `labels()` of a counter returns. It counts in its series without another lookup. */
export function makeCounterChild(metric: SharedMetric, inc: Inc, labels: ClientLabels) {
  const bound = new BoundSeries(metric, labels);
  return {
    inc(value?: unknown): void {
      const series = bound.get();
      if (series === undefined) inc(labels, value);
      else if (value === undefined) series.add(0, 1);
      else if (isFiniteNumber(value) && value >= 0) series.add(0, value);
      else inc(labels, value);
    },
  };
}

/** Returns the child that `labels()` of a histogram returns. */
export function makeHistogramChild(metric: SharedMetric, observe: Observe, labels: ClientLabels) {
  const bound = new BoundSeries(metric, labels);
  return {
    observe(value: unknown): void {
      const series = bound.get();
      if (series === undefined || !isFiniteNumber(value)) {
        observe(labels, value);
        return;
      }
      series.add(1 + bucketOf(metric.bounds, value), 1);
      series.add(0, value);
    },
    startTimer: () =>
      (metric.client as unknown as { startTimer(labels: unknown): unknown }).startTimer(labels),
  };
}

/** The series of fixed labels. It is looked up again only after the metric has dropped series. */
class BoundSeries {
  readonly #metric: SharedMetric;
  readonly #labels: ClientLabels;
  #series: SharedSeries | undefined;
  #generation = -1;

  constructor(metric: SharedMetric, labels: ClientLabels) {
    this.#metric = metric;
    this.#labels = labels;
  }

  /** Undefined until the first write to the series. */
  get(): SharedSeries | undefined {
    if (this.#generation === this.#metric.generation && this.#series !== undefined) return this.#series;
    this.#generation = this.#metric.generation;
    this.#series = this.#metric.known(this.#labels);
    return this.#series;
  }
}

/** As `Number.isFinite`, but faster. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && value < Infinity && value > -Infinity;
}
