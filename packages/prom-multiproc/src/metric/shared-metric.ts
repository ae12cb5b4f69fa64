import { hasExemplars, hasLabels, lastingLabels } from '../client/client-definition.ts';
import {
  type ClientLabels,
  type ClientMetric,
  type StorageKind,
  storageKindOf,
} from '../client/client-internals.ts';
import {
  CELL_OF_QUANTILES,
  CELL_OF_START,
  cellsPerSeries,
  familyKey,
  type LabelPair,
  type MetricDefinition,
} from '../format/layout.ts';
import type { Cells } from '../slot/slot-file.ts';
import { captureStorage, type StoredMetric } from './captured-storage.ts';
import type { CountedSeries, SummarySeries } from './counted-series.ts';
import { DefinedMetric, type MetricRegistry } from './defined-metric.ts';
import { ExcessSeries } from './excess-series.ts';
import { HashIndex } from './hash-index.ts';
import { LabelTree } from './label-tree.ts';
import { type CellSource, MetricCells } from './metric-cells.ts';
import { OriginalLabels } from './original-labels.ts';
import { emptySeries } from './series-of-entry.ts';
import type { SharedSeries } from './shared-series.ts';

/**
 * One metric of prom-client whose storage is captured: every method, bound child and timer writes to its cells. The cells are
 * on the heap until `bind` moves them into the process's slot.
 */
export class SharedMetric implements StoredMetric {
  readonly client: ClientMetric;
  readonly kind: StorageKind;
  readonly #source: CellSource;
  readonly #tree: LabelTree<SharedSeries>;
  readonly #defined: DefinedMetric;
  readonly #cells: MetricCells;
  readonly #index: HashIndex;
  /** Whether writes no longer need `beforeWrite()`: the source has taken a slot or never will. */
  #isSettled = false;
  #detached = false;
  /** True until the first write or collect() after the capture. */
  #untouched = true;
  readonly #originalLabels: OriginalLabels;
  readonly #excess: ExcessSeries;

  constructor(client: ClientMetric, source: CellSource, registry: MetricRegistry) {
    this.client = client;
    this.#defined = new DefinedMetric(client, registry);
    this.#excess = new ExcessSeries(client, this);
    const kind = storageKindOf(client)!;
    this.kind = kind;
    this.#source = source;
    this.#tree = new LabelTree(client.labelNames);
    this.#index = new HashIndex(kind.keyOf, client.labelNames, () => this.#cells.all);
    this.#cells = new MetricCells(source, this.#defined);
    this.#originalLabels = new OriginalLabels(this.#defined, this.#cells);
    captureStorage(this, {
      cells: this.#cells,
      tree: this.#tree,
      index: this.#index,
      originalLabels: this.#originalLabels,
      excess: this.#excess,
    });
  }

  /** @throws Error while prom-client's constructor of the metric is running */
  get definition(): MetricDefinition {
    return this.#defined.definition;
  }

  get isComplete(): boolean {
    return this.client.type !== undefined;
  }

  /** In ascending order: upper bounds of a histogram without +Inf, or quantiles of a summary. */
  get bounds(): readonly number[] {
    return this.#defined.bounds;
  }

  get exemplarPlaces(): number {
    if (!hasExemplars(this.client)) return 0;
    return 'observeWithExemplar' in this.client ? this.bounds.length + 1 : 1;
  }

  /** The series of this process with their current values, except series for which the slot has no room. */
  *series(): Generator<{ labels: LabelPair[]; values: Float64Array }> {
    const count = cellsPerSeries(this.definition);
    for (const series of this.#cells.all) {
      if (this.#cells.isRefused(series)) continue;
      const { labels, array, base } = series;
      yield { labels: this.#defined.pairs(labels), values: array.slice(base, base + count) };
    }
  }

  /** Whether anything was counted. Always false for gauges. */
  hasCounts(): boolean {
    if (!this.isComplete || this.definition.type === 'gauge') return false;
    return [...this.series()].some(({ values }) =>
      values.some((value, i) => i !== CELL_OF_START && value !== 0),
    );
  }

  /**
   * Moves every series into the process's slot. Does nothing if another thread counts this metric, or for a gauge whose first
   * collect() is still due.
   * @returns whether the metric is bound now
   */
  bind(): boolean {
    if (this.#cells.isBound) return true;
    if (!this.#source.isCountedHere(this.client.name)) return false;
    if (this.#untouched && this.client.collect !== undefined && this.definition.type === 'gauge')
      return false;
    this.#isSettled = true;
    this.#cells.bind();
    return true;
  }

  /** Hands the counting over to another thread of the process. The slot keeps the counts. */
  yieldCounting(): void {
    this.#cells.leave();
  }

  /** Drops counts made while another thread counted. Gauges keep their values. */
  beginAtZero(): void {
    if (this.definition.type !== 'gauge') (this.client as unknown as { reset(): void }).reset();
  }

  /** Moves refused series into the slot if it has room now. */
  placeRefused(): void {
    this.#cells.placeRefused();
  }

  /** Abandons a slot whose file is lost. `bind` moves the metric into the next slot. */
  lose(isReadable: (cells: Cells) => boolean): void {
    this.#cells.lose(isReadable);
  }

  /** Hides writes from readers until `collected` or `failCollect`. */
  beginCollect(): void {
    this.#cells.beginCollect();
  }

  /**
   * Called when `collect()` returned a promise. Counts made meanwhile must survive a crash, so only gauges stay hidden until the
   * end, and metrics in which the `collect()` has dropped series.
   */
  awaitCollect(): void {
    if (this.client.type === 'gauge') return;
    this.failCollect();
    this.#cells.watchDrops();
  }

  /** Called when a `collect()` failed. Series that it dropped keep showing their last values until a `collect()` succeeds. */
  failCollect(): void {
    if (!this.#cells.hasPendingDrops) this.#cells.endCollect();
  }

  /** Called when a `collect()` ended: shows all its writes at once. */
  collected(): void {
    this.#untouched = false;
    this.#cells.endCollect();
  }

  /** Publishes the current quantiles of a summary. */
  publishQuantiles(): void {
    if (!this.#cells.isBound || this.definition.type !== 'summary') return;
    for (const { td, array, base } of this.#cells.all as readonly SummarySeries[]) {
      td!.compress();
      this.bounds.forEach((quantile, i) => {
        array[base + CELL_OF_QUANTILES + i] = td!.percentile(quantile) || 0;
      });
    }
  }

  /** Makes inherited series absent: those with these labels, or all. */
  forget(labels?: ClientLabels): void {
    this.#cells.forget(labels);
  }

  /** Resets the start times of a summary after its `reset()`, which keeps the series. */
  restart(): void {
    for (const series of this.#cells.all as readonly CountedSeries[]) series.restart();
  }

  /** Takes every series out of the slot; the metric continues on the heap. @returns whether this process has counted in it */
  detach(): boolean {
    this.#detached = true;
    return this.#cells.unbind();
  }

  /** Undoes `detach`, for `registry`. @returns false if the metric was not detached */
  reattach(registry: MetricRegistry): boolean {
    const was = this.#detached;
    this.#detached = false;
    if (!was) return false;
    this.#isSettled = false;
    this.#defined.redefine(registry);
    return true;
  }

  /** The registry through which the metric is shared. */
  get registry(): MetricRegistry {
    return this.#defined.registry;
  }

  /** See `familyKey`. */
  get family(): string {
    return familyKey({ name: this.client.name, registry: this.registry.name });
  }

  /** Takes every series out of the slot. `bind` moves them back with the current default labels of the registry. */
  relabel(): void {
    this.#cells.unbind();
    this.#defined.redefine();
    this.#originalLabels.forget();
  }

  /** The application's own label values for one series of this process. */
  labelsOf(key: string): ClientLabels | undefined {
    return this.#originalLabels.get(key);
  }

  beforeWrite(): void {
    this.#untouched = false;
    if (!this.#cells.isBound && !this.#detached) this.#source.beforeWrite();
  }

  accepts(value: number): boolean {
    const known = !Number.isNaN(value) || this.client.type === 'gauge';
    if (!known) this.#source.warnOfNaN(this.definition);
    return known;
  }

  /** The series of these labels, if it was counted in before. Does not find all: see `LabelTree.set`. Hot path. */
  known(labels: ClientLabels): SharedSeries | undefined {
    return this.#isSettled ? this.#tree.get(labels) : undefined;
  }

  /** As `known`, by one value for each label name. Hot path. */
  knownAt(...values: unknown[]): SharedSeries | undefined {
    return this.#isSettled ? this.#tree.at(...values) : undefined;
  }

  /** As `known`, for label values of any type and with any text. */
  find(labels: ClientLabels): SharedSeries | undefined {
    return this.#tree.find(labels);
  }

  /** Whether the metric has all of these label names. */
  hasLabels(labels: ClientLabels): boolean {
    return hasLabels(this.client.labelNames, labels);
  }

  /**
   * Returns the series of these labels, and creates it if necessary. The labels must have passed `hasLabels`. Counters and
   * histograms only.
   */
  resolve(labels: ClientLabels): SharedSeries {
    this.beforeWrite();
    this.#isSettled = true;
    let series = this.#tree.find(labels);
    if (series === undefined) {
      if (!this.admits(labels)) return this.#excess.any();
      series = emptySeries(this, lastingLabels(labels), this.client);
      this.#originalLabels.forget();
      this.#cells.add(series);
      this.#tree.set(series.labels, series);
      this.#index.add(series);
    }
    this.#tree.set(labels, series);
    return series;
  }

  /** See `HashIndex.withExactEntry`. */
  withExactEntry<T>(labels: ClientLabels, method: () => T): T {
    return this.#index.withExactEntry(labels, method);
  }

  /** Whether the metric may have one more series, with these labels. */
  admits(labels: ClientLabels): boolean {
    if (this.#detached || this.client.labelNames.length === 0) return true;
    return this.#source.admits(this.definition, () => this.#defined.pairs(labels), this.#cells.all.length);
  }
}
