import type { MetricDefinition } from '../format/layout.ts';

/** Told, in log order, of what a slot file newly says. */
export interface SlotListener {
  onMetric(definition: MetricDefinition): void;
  /** What `other`, which belongs to a log that this one begins with, was told of so far. */
  onSameAs(other: SlotListener): void;
  /** So many series follow. */
  onLog(series: number): void;
  /** A series of the metric told as number `metric`; its labels are in `from`..`to` of the log. */
  onSeries(metric: number, log: DataView, from: number, to: number): void;
}
