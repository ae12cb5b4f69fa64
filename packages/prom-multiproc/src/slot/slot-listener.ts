import type { MetricDefinition } from '../format/layout.ts';

/** Called for each new record of a slot file, in log order. */
export interface SlotListener {
  onMetric(definition: MetricDefinition): void;
  /** Called instead of all calls that `other` has received, whose log is a prefix of this one. */
  onSameAs(other: SlotListener): void;
  /** A series of metric number `metric`. Its labels are bytes `from` up to `to` of the log. */
  onSeries(metric: number, log: DataView, from: number, to: number): void;
}
