import type { ClientLabels } from '../client/client-internals.ts';
import { keepsDeadValues, NEVER_SET } from '../format/gauge-aggregators.ts';
import {
  CELL_OF_QUANTILES,
  CELL_OF_START,
  cellsPerSeries,
  type LabelPair,
  type MetricDefinition,
} from '../format/layout.ts';
import { seriesKey } from '../format/series-key.ts';
import { makeAbsent } from '../slot/absent-cells.ts';
import { CellSet } from '../slot/cell-set.ts';
import type { Cells } from '../slot/slot-file.ts';
import type { CountedSeries } from './counted-series.ts';
import type { DefinedMetric } from './defined-metric.ts';
import { RestartedSeries } from './restarted-series.ts';
import type { SharedSeries } from './shared-series.ts';

/** Provides the cells of a metric's series. */
export interface CellSource {
  /** Called before the first write of a metric. Takes a slot if the process has none. */
  beforeWrite(): void;
  metric(definition: MetricDefinition): void;
  /** Returns undefined if there is no room. `again` suppresses a repeated report. */
  series(definition: MetricDefinition, labels: readonly LabelPair[], again: boolean): Cells | undefined;
  /** Makes unused series absent (readers no longer show them): all of the metric's name, or the one with these labels. */
  forget(definition: MetricDefinition, labels?: readonly LabelPair[]): void;
  /** Takes back cells that `series` returned for these labels. They may be reused for the same labels. */
  release(definition: MetricDefinition, labels: readonly LabelPair[], cells: Cells): void;
  /** Whether this thread counts the metric. False if another thread of the process does. */
  isCountedHere(name: string): boolean;
  warnOfNaN(definition: MetricDefinition): void;
  /** Whether a metric with `own` series may have one more. Counts and reports an excess series. */
  admits(definition: MetricDefinition, labels: () => readonly LabelPair[], own: number): boolean;
}

interface Inherited {
  readonly series: SharedSeries;
  readonly values: Float64Array;
}

/** The series of one metric. Their cells are on the heap or, once bound, in the process's slot. */
export class MetricCells {
  readonly #source: CellSource;
  readonly #defined: DefinedMetric;
  #all: SharedSeries[] = [];
  #bound = false;
  /** Refused series: the slot has no room for them. They count on the heap until it has. */
  readonly #refused = new Set<SharedSeries>();
  /** Cells released for a running collect(). Those not in use when it ends become absent. Undefined while none runs. */
  #released: Cells[] | undefined;
  /** Whether `#refused` had entries when the collect() started. */
  #hadRefused = false;
  /** Whether the running collect(), or a failed one, has dropped series. */
  #droppedMeanwhile = false;
  /** Defined while an asynchronous collect() of a metric that is no gauge runs. */
  #restarted: RestartedSeries | undefined;
  /** Labels to forget when the collect() ends, by key: repeated failing runs must not add entries. */
  readonly #forgottenMeanwhile = new Map<string, ClientLabels | undefined>();
  /**
   * The series without labels, and the values that it had in the slot before `bind`. prom-client creates this series before the
   * first count; a series with labels exists only after one.
   */
  #inherited: Inherited | undefined;
  /** Whether this process had counted in this metric when it last dropped series or left the slot. */
  #hadCounted = false;

  constructor(source: CellSource, defined: DefinedMetric) {
    this.#source = source;
    this.#defined = defined;
  }

  /** All series, in creation order. */
  get all(): readonly SharedSeries[] {
    return this.#all;
  }

  /** Whether the metric is bound to the slot. Stays true during a collect(), whose values are on the heap. */
  get isBound(): boolean {
    return this.#bound || this.#released !== undefined;
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
    this.#droppedMeanwhile = this.#released !== undefined;
    this.#empty(series);
  }

  dropAll(): void {
    this.#hadCounted = this.#hasCounted;
    this.#inherited = undefined;
    for (const series of this.#all) this.#empty(series);
    this.#all = [];
    this.#droppedMeanwhile = this.#released !== undefined;
  }

  /** Moves every series into the process's slot. */
  bind(): void {
    if (this.isBound) return;
    this.#bound = true;
    this.#source.metric(this.#defined.definition);
    for (const series of this.#all) this.#place(series, false);
  }

  /** Moves refused series, with their counts, into the slot if it has room now. */
  placeRefused(): void {
    if (!this.#bound) return;
    for (const series of this.#refused) if (!this.#place(series, true)) return;
  }

  /**
   * Takes every series out of the slot. The slot keeps the counts, and the series restart at zero. Exception: a gauge that shows no
   * values of dead processes is removed from the slot and keeps its values, see `unbind`.
   */
  leave(): void {
    const { type, aggregator } = this.#defined.definition;
    if (type === 'gauge' && !keepsDeadValues(aggregator)) {
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
   * Takes every series out of the slot. They continue on the heap. Inherited values stay in the slot if this process has not
   * counted in the metric.
   * @returns whether this process has counted in the metric
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
   * Abandons a slot whose file is lost. Counts restart at zero, because readers keep the counts of the lost file. Gauges keep the
   * values that are still readable.
   */
  lose(isReadable: (cells: Cells) => boolean): void {
    if (this.#released !== undefined) this.#released = [];
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

  /** Keeps writes on the heap until `endCollect`, so that readers do not see them. */
  beginCollect(): void {
    if (!this.#bound) return;
    const held = this.#all.filter((series) => !this.#refused.has(series));
    const released = held.map((series) => this.#moveToHeap(series));
    this.#hadRefused = this.#refused.size > 0;
    this.#refused.clear();
    this.#released = released;
    this.#bound = false;
  }

  /** Lets series that the running collect() drops and counts again keep their start times. */
  watchDrops(): void {
    this.#restarted ??= new RestartedSeries();
  }

  /** Whether a running or failed collect() has dropped series. Readers see their last values until a collect() succeeds. */
  get hasPendingDrops(): boolean {
    return this.#droppedMeanwhile;
  }

  /** Shows all values written since `beginCollect`, at once. */
  endCollect(): void {
    this.#restarted?.restoreStarts(new CellSet(this.#all));
    this.#restarted = undefined;
    const released = this.#released;
    if (released === undefined) return;
    this.#released = undefined;
    this.#droppedMeanwhile = false;
    this.#bound = true;
    const own = new CellSet(released);
    for (const series of this.#all) this.#place(series, this.#hadRefused, own);
    for (const labels of this.#forgottenMeanwhile.values()) this.forget(labels);
    this.#forgottenMeanwhile.clear();
    const definition = this.#defined.definition;
    const taken = new CellSet(this.#all);
    for (const cells of released) if (!taken.has(cells)) makeAbsent(cells, cellsPerSeries(definition));
  }

  /** Makes inherited series absent: those with these labels, or all. */
  forget(labels?: ClientLabels): void {
    if (!this.isBound) return;
    const { definition } = this.#defined;
    const pairs = labels && this.#defined.pairs(labels);
    if (this.#released === undefined) this.#source.forget(definition, pairs);
    else
      this.#forgottenMeanwhile.set(
        pairs ? `labels ${seriesKey(definition.labelNames, pairs)}` : 'all',
        labels,
      );
  }

  #empty(series: SharedSeries): void {
    const { array, base } = series;
    series.drop();
    if (!this.#bound || this.#refused.delete(series)) return;
    const count = cellsPerSeries(this.#defined.definition);
    this.#restarted?.add(series as CountedSeries, { array, base }, count);
    makeAbsent(this.#release(series, { array, base }), count);
  }

  #moveToHeap(series: SharedSeries): Cells {
    const { array, base } = series;
    series.moveToHeap(cellsPerSeries(this.#defined.definition), true);
    return this.#release(series, { array, base });
  }

  #release(series: SharedSeries, cells: Cells): Cells {
    this.#source.release(this.#defined.definition, this.#defined.pairs(series.labels), cells);
    return cells;
  }

  /** Gives a series cells in the slot; returns whether there was room. `own`: cells with earlier values of these series. */
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
    const replaces = isOwn || (definition.type === 'gauge' && !keepsDeadValues(definition.aggregator));
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
    // A summary's quantiles change only with its sum and count.
    const count = definition.type === 'summary' ? CELL_OF_QUANTILES : cellsPerSeries(definition);
    for (let i = 0; i < count; i++) {
      if (i === CELL_OF_START && definition.type !== 'gauge') continue;
      if (array[base + i] !== (inherited?.[i] ?? 0)) return true;
    }
    return false;
  }
}
