import { isAggregator } from '../format/gauge-aggregators.ts';
import { familyKey, type LabelPair, type MetricDefinition } from '../format/layout.ts';
import { seriesKey } from '../format/series-key.ts';
import type { CellSource } from '../metric/metric-cells.ts';
import type { MetricWarnings } from '../metric/metric-warnings.ts';
import type { ProcessLimits } from '../metric/process-limits.ts';
import type { Cells } from '../slot/slot-file.ts';
import { REFUSED_UPDATES, type SlotSelfMetrics } from '../slot/slot-self-metrics.ts';
import type { SlotWriter } from '../slot/slot-writer.ts';
import type { ProcessWideMetrics } from './process-wide-metrics.ts';

/** The parts of a process's slot that its metrics use. */
export interface SlotParts {
  readonly warnings: MetricWarnings;
  readonly limits: ProcessLimits;
  readonly selfMetrics: SlotSelfMetrics;
  readonly processWide: ProcessWideMetrics;
  /** Undefined while the process has no slot. */
  writer(): SlotWriter | undefined;
  beforeWrite(): void;
}

/** Provides metrics with cells in the slot of the process. */
export class SlotCellSource implements CellSource {
  readonly #parts: SlotParts;

  constructor(parts: SlotParts) {
    this.#parts = parts;
  }

  beforeWrite(): void {
    this.#parts.beforeWrite();
  }

  metric(definition: MetricDefinition): void {
    const { type, aggregator } = definition;
    if (type === 'gauge' && !isAggregator(aggregator)) this.#parts.warnings.unknownAggregator(definition);
    this.#parts.writer()?.metric(definition);
  }

  series(definition: MetricDefinition, labels: readonly LabelPair[], again: boolean): Cells | undefined {
    return this.#parts.writer()?.series(definition, labels, again);
  }

  release(definition: MetricDefinition, labels: readonly LabelPair[], cells: Cells): void {
    this.#parts.writer()?.release(definition, labels, cells);
  }

  forget(definition: MetricDefinition, labels?: readonly LabelPair[]): void {
    const key = labels && seriesKey(definition.labelNames, labels);
    this.#parts.writer()?.forget(familyKey(definition), key);
  }

  isCountedHere(name: string): boolean {
    return this.#parts.processWide.counts(name);
  }

  warnOfNaN(definition: MetricDefinition): void {
    this.#parts.warnings.droppedNaN(definition);
  }

  admits(definition: MetricDefinition, labels: () => readonly LabelPair[], own: number): boolean {
    const { limits, warnings, selfMetrics } = this.#parts;
    const limit = limits.maxSeriesPerMetric;
    if (limit === Infinity) return true;
    if (own < limit && this.#parts.writer()?.isWithin(limit, definition, labels()) !== false) return true;
    warnings.beyondLimit(definition, limit);
    selfMetrics.add(REFUSED_UPDATES, [definition.name]);
    return false;
  }
}
