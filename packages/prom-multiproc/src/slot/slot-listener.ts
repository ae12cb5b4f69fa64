import type { MetricDefinition } from '../format/layout.ts';

/** Called, in log order, for each new record of a slot file. */
export interface SlotListener {
  onMetric(definition: MetricDefinition): void;
  /** What `other`, which belongs to a log that this one begins with, was called with so far. */
  onSameAs(other: SlotListener): void;
  /** So many series follow. */
  onLog(series: number): void;
  /** A series of the metric of number `metric`; its labels are in `from`..`to` of the log. */
  onSeries(metric: number, log: DataView, from: number, to: number): void;
}
