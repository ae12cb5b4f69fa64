import type { ClientLabels } from '../client/client-internals.ts';
import { keepsTheDead, NEVER_SET } from '../format/gauge-aggregators.ts';
import { cellsPerSeries, type LabelPair, type MetricDefinition } from '../format/layout.ts';
import { seriesKey } from '../format/series-key.ts';
import { makeAbsent } from '../slot/absent-cells.ts';
import { CellSet } from '../slot/cell-set.ts';
import type { Cells } from '../slot/slot-file.ts';
import type { DefinedMetric } from './defined-metric.ts';
import type { SharedSeries } from './shared-series.ts';

/** Where a metric's series get their cells. */
export interface CellSource {
  /** Called before the first write of a metric; takes a slot where the process has none yet. */
  beforeWrite(): void;
  metric(definition: MetricDefinition): void;
  /** Undefined where there is no room; `again` where that was reported before. */
  series(definition: MetricDefinition, labels: readonly LabelPair[], again: boolean): Cells | undefined;
  /** Makes absent all series of the metric's name, or that of these labels, that nobody counts in. */
  forget(definition: MetricDefinition, labels?: readonly LabelPair[]): void;
  /** Takes back cells that `series` gave for these labels, to give them again. */
  release(definition: MetricDefinition, labels: readonly LabelPair[], cells: Cells): void;
  /** Whether the slot is where this metric is counted, and not that of another thread. */
  isCountedHere(name: string): boolean;
  refuseNaN(definition: MetricDefinition): void;
  /** Whether a metric that has `own` series may have one more; counts and reports a refusal. */
  admits(definition: MetricDefinition, labels: () => readonly LabelPair[], own: number): boolean;
}

interface Inherited {
  readonly series: SharedSeries;
  readonly values: Float64Array;
}

/** The series of one metric and where their cells are: on the heap, or once bound in the process's slot. */
export class MetricCells {
  readonly #source: CellSource;
  readonly #defined: DefinedMetric;
  #all: SharedSeries[] = [];
  #bound = false;
  /** Those that found no room in the slot: they count on the heap until they do. */
  readonly #refused = new Set<SharedSeries>();
  /** While a collect() runs: cells it has let go of, absent at its end unless taken up again. */
  #left: Cells[] | undefined;
  /** Whether some had found no room before that. */
  #hadRefused = false;
  /** Whether the collect() has dropped series. */
  #droppedMeanwhile = false;
  /** By key: the same may be removed at each of many runs that fail. */
  readonly #forgottenMeanwhile = new Map<string, ClientLabels | undefined>();
  /** What dead processes had left of the series without labels; others are made when they are counted in. */
  #inherited: Inherited | undefined;
  /** Whether this process has counted in series that are dropped by now. */
  #hadCounted = false;

  constructor(source: CellSource, defined: DefinedMetric) {
    this.#source = source;
    this.#defined = defined;
  }

  /** In the order they were made. */
  get all(): readonly SharedSeries[] {
    return this.#all;
  }

  /** Whether the slot has been asked for cells; while a collect() runs its values are on the heap all the same. */
  get isBound(): boolean {
    return this.#bound || this.#left !== undefined;
  }

  isRefused(series: SharedSeries): boolean {
    return this.#refused.has(series);
  }

  add(series: SharedSeries): void {
    this.#all.push(series);
    if (this.#bound) this.#place(series, false);
  }

  drop(series: SharedSeries): void {
    this.#hadCounted = this.#hasCounted;
    this.#all.splice(this.#all.indexOf(series), 1);
    this.#droppedMeanwhile = this.#left !== undefined;
    this.#empty(series);
  }

  dropAll(): void {
    this.#hadCounted = this.#hasCounted;
    this.#inherited = undefined;
    for (const series of this.#all) this.#empty(series);
    this.#all = [];
    this.#droppedMeanwhile = this.#left !== undefined;
  }

  /** Moves every series into the process's slot. */
  bind(): void {
    if (this.isBound) return;
    this.#bound = true;
    this.#source.metric(this.#defined.definition);
    for (const series of this.#all) this.#place(series, false);
  }

  /** Moves into the slot what found no room there before, with all it has counted. */
  placeRefused(): void {
    if (!this.#bound) return;
    for (const series of this.#refused) if (!this.#place(series, true)) return;
  }

  /** Takes every series out of the slot, which keeps the counts: the series begin at zero. */
  leave(): void {
    const { type, aggregator } = this.#defined.definition;
    if (type === 'gauge' && !keepsTheDead(aggregator)) {
      this.unbind();
      return;
    }
    this.endCollect();
    if (!this.#bound) return;
    this.#bound = false;
    this.#hadCounted = this.#hasCounted;
    this.#inherited = undefined;
    const count = cellsPerSeries(this.#defined.definition);
    for (const series of this.#all) {
      const { array, base } = series;
      series.loseSlot(count, false);
      if (!this.#refused.has(series)) this.#release(series, { array, base });
    }
    this.#refused.clear();
  }

  get #hasCounted(): boolean {
    return this.#hadCounted || this.#all.some((series) => this.#isCounted(series));
  }

  /**
   * Takes every series out of the slot; they count on the heap. What dead processes left stays where this process has not
   * counted in the metric.
   * @returns whether it has.
   */
  unbind(): boolean {
    this.endCollect();
    const counted = this.#hasCounted;
    if (!this.#bound) return counted;
    this.#bound = false;
    const stays = this.#inherited !== undefined && !counted;
    const count = cellsPerSeries(this.#defined.definition);
    for (const series of this.#all) {
      if (this.#refused.has(series)) continue;
      const { array, base } = series;
      const cells = this.#release(series, { array, base });
      series.leaveSlot(count, !stays);
      if (!stays) makeAbsent(cells, count);
    }
    this.#inherited = undefined;
    this.#refused.clear();
    return counted;
  }

  /**
   * Abandons a slot whose file is lost: gauges take the values along that can still be read, counts begin at
   * zero, for what was counted is held by those who have read it.
   */
  lose(isReadable: (cells: Cells) => boolean): void {
    if (this.#left !== undefined) this.#left = [];
    if (!this.#bound) return;
    this.#bound = false;
    const definition = this.#defined.definition;
    for (const series of this.#all) {
      if (this.#refused.has(series)) continue;
      const isGauge = definition.type === 'gauge';
      const takesValues = isGauge && isReadable(series);
      series.loseSlot(cellsPerSeries(definition), takesValues);
      if (isGauge && !takesValues) series.array[series.base] = NEVER_SET;
    }
    this.#inherited = undefined;
    this.#refused.clear();
  }

  /** Until `endCollect`, what is written stays on the heap: readers see nothing of it. */
  beginCollect(): void {
    if (!this.#bound) return;
    const left: Cells[] = [];
    for (const series of this.#all) this.#leave(series, (cells) => left.push(cells));
    this.#hadRefused = this.#refused.size > 0;
    this.#refused.clear();
    this.#left = left;
    this.#bound = false;
  }

  /** Whether a collect() that runs, or has failed, has taken series away: their last values show until one ends well. */
  get isTakingAway(): boolean {
    return this.#droppedMeanwhile;
  }

  /** Shows all that was written since `beginCollect`, at once. */
  endCollect(): void {
    const left = this.#left;
    if (left === undefined) return;
    this.#left = undefined;
    this.#droppedMeanwhile = false;
    this.#bound = true;
    const own = new CellSet(left);
    for (const series of this.#all) this.#place(series, this.#hadRefused, own);
    for (const labels of this.#forgottenMeanwhile.values()) this.forget(labels);
    this.#forgottenMeanwhile.clear();
    const definition = this.#defined.definition;
    const taken = new CellSet(this.#all);
    for (const cells of left) if (!taken.has(cells)) makeAbsent(cells, cellsPerSeries(definition));
  }

  /** Makes absent from the slot what dead processes left of these labels, or of all. */
  forget(labels?: ClientLabels): void {
    if (!this.isBound) return;
    const { definition } = this.#defined;
    const pairs = labels && this.#defined.pairs(labels);
    if (this.#left === undefined) this.#source.forget(definition, pairs);
    else
      this.#forgottenMeanwhile.set(
        pairs ? `labels ${seriesKey(definition.labelNames, pairs)}` : 'all',
        labels,
      );
  }

  #empty(series: SharedSeries): void {
    if (!this.#bound || this.#refused.delete(series)) return;
    const { array, base } = series;
    makeAbsent(this.#release(series, { array, base }), cellsPerSeries(this.#defined.definition));
  }

  #leave(series: SharedSeries, then: (cells: Cells, count: number) => void): void {
    if (this.#refused.has(series)) return;
    const count = cellsPerSeries(this.#defined.definition);
    const { array, base } = series;
    series.moveToHeap(count, true);
    then(this.#release(series, { array, base }), count);
  }

  #release(series: SharedSeries, cells: Cells): Cells {
    this.#source.release(this.#defined.definition, this.#defined.pairs(series.labels), cells);
    return cells;
  }

  /** Whether there was room. `own` are cells that hold former values of these series, not those of dead processes. */
  #place(series: SharedSeries, again: boolean, own?: CellSet): boolean {
    const definition = this.#defined.definition;
    const cells = this.#source.series(definition, this.#defined.pairs(series.labels), again);
    if (cells === undefined) {
      this.#refused.add(series);
      return false;
    }
    this.#refused.delete(series);
    const isOwn = own?.has(cells) === true;
    if (!isOwn) this.#inherit(series, cells);
    const replaces = isOwn || (definition.type === 'gauge' && !keepsTheDead(definition.aggregator));
    series.moveTo(cells, cellsPerSeries(definition), replaces);
    return true;
  }

  #inherit(series: SharedSeries, { array, base }: Cells): void {
    const definition = this.#defined.definition;
    if (Object.keys(series.labels).length > 0 || Number.isNaN(array[base]!)) return;
    this.#inherited = { series, values: array.slice(base, base + cellsPerSeries(definition)) };
  }

  #isCounted(series: SharedSeries): boolean {
    if (Object.keys(series.labels).length > 0) return true;
    const { definition } = this.#defined;
    const inherited = this.#inherited?.series === series ? this.#inherited.values : undefined;
    const { array, base } = series;
    // The quantiles of a summary follow from nothing but its observations.
    const count = definition.type === 'summary' ? 2 : cellsPerSeries(definition);
    for (let i = 0; i < count; i++) if (array[base + i] !== (inherited?.[i] ?? 0)) return true;
    return false;
  }
}
