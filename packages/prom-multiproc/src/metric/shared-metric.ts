import { hasLabels, lastingLabels } from '../client/client-definition.ts';
import {
  type ClientLabels,
  type ClientMetric,
  type StorageKind,
  storageKindOf,
} from '../client/client-internals.ts';
import { cellsPerSeries, familyKey, type LabelPair, type MetricDefinition } from '../format/layout.ts';
import type { Cells } from '../slot/slot-file.ts';
import { captureStorage, type StoredMetric } from './captured-storage.ts';
import { DefinedMetric, type MetricHome } from './defined-metric.ts';
import { HashIndex } from './hash-index.ts';
import { LabelTree } from './label-tree.ts';
import { type CellSource, MetricCells } from './metric-cells.ts';
import { OriginalLabels } from './original-labels.ts';
import { RefusedSeries } from './refused-series.ts';
import { emptySeries } from './series-of-entry.ts';
import type { SharedSeries, SummarySeries } from './shared-series.ts';

/**
 * One metric of prom-client, caught at its storage: whatever method, bound child or timer writes, it writes cells.
 * Unbound, the cells are on the heap; `bind` moves them into the process's slot.
 */
export class SharedMetric implements StoredMetric {
  readonly client: ClientMetric;
  readonly kind: StorageKind;
  /** Raised whenever series were dropped: what was looked up before may be no longer ours. */
  generation = 0;
  readonly #source: CellSource;
  readonly #tree: LabelTree<SharedSeries>;
  readonly #defined: DefinedMetric;
  readonly #cells: MetricCells;
  readonly #index: HashIndex;
  /** Whether a write needs no word to the source any more: it has taken a slot, or never will. */
  #isSettled = false;
  #detached = false;
  /** Neither written nor collected since it was captured. */
  #untouched = true;
  readonly #originalLabels: OriginalLabels;
  readonly #refused: RefusedSeries;

  constructor(client: ClientMetric, source: CellSource, home: MetricHome) {
    this.client = client;
    this.#defined = new DefinedMetric(client, home);
    this.#refused = new RefusedSeries(client, this);
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
      refused: this.#refused,
    });
  }

  /** @throws Error while prom-client's constructor of the metric still runs. */
  get definition(): MetricDefinition {
    return this.#defined.definition;
  }

  get isComplete(): boolean {
    return this.client.type !== undefined;
  }

  /** Ascending: upper bounds of a histogram without +Inf, quantiles of a summary. */
  get bounds(): readonly number[] {
    return this.#defined.bounds;
  }

  /** The series of this process with their present values, but for those that found no room in the slot. */
  *series(): Generator<{ labels: LabelPair[]; values: Float64Array }> {
    const count = cellsPerSeries(this.definition);
    for (const series of this.#cells.all) {
      if (this.#cells.isRefused(series)) continue;
      const { labels, array, base } = series;
      yield { labels: this.#defined.pairs(labels), values: array.slice(base, base + count) };
    }
  }

  /** Whether anything was counted; gauges are not counts. */
  hasCounts(): boolean {
    if (!this.isComplete || this.definition.type === 'gauge') return false;
    return [...this.series()].some(({ values }) => values.some((value) => value !== 0));
  }

  /**
   * Moves every series into the process's slot. A gauge that is yet to be collected has nothing to show there.
   * @returns whether it is there, until `detach` or `lose`.
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

  /** Leaves the counting to another thread of the process: the slot keeps what was counted. */
  yieldCounting(): void {
    this.#cells.leave();
  }

  /** Drops what was counted while another thread of the process did; gauges are as they are. */
  beginAtZero(): void {
    if (this.definition.type !== 'gauge') (this.client as unknown as { reset(): void }).reset();
  }

  /** Moves into the slot what found no room there before. */
  placeRefused(): void {
    this.#cells.placeRefused();
  }

  /** Abandons a slot whose file is lost, until `bind` gives another. */
  lose(isReadable: (cells: Cells) => boolean): void {
    this.#cells.lose(isReadable);
  }

  /** Until `collected` or `failCollect`, readers see nothing of what is written. */
  beginCollect(): void {
    this.#cells.beginCollect();
  }

  /**
   * Called when `collect()` will go on later. What others count in the meantime must not be lost should the process die, so
   * only gauges wait for the end, and metrics that the `collect()` has reset: those are its own.
   */
  awaitCollect(): void {
    if (this.client.type !== 'gauge') this.failCollect();
  }

  /** Called when a `collect()` has failed: what it has reset or removed shows as it was, until one comes to its end. */
  failCollect(): void {
    if (!this.#cells.isTakingAway) this.#cells.endCollect();
  }

  /** Called when a `collect()` has ended: shows all that it wrote, at once. */
  collected(): void {
    this.#untouched = false;
    this.#cells.endCollect();
  }

  /** Publishes the quantiles of a summary as they are now. */
  publishQuantiles(): void {
    if (!this.#cells.isBound || this.definition.type !== 'summary') return;
    for (const { td, array, base } of this.#cells.all as readonly SummarySeries[]) {
      td!.compress();
      this.bounds.forEach((quantile, i) => {
        array[base + 2 + i] = td!.percentile(quantile) || 0;
      });
    }
  }

  /** Makes absent from the slot what dead processes left of these labels, or of all. */
  forget(labels?: ClientLabels): void {
    this.#cells.forget(labels);
  }

  /** Takes every series out of the slot; the metric counts on for itself. @returns whether this process has counted in it. */
  detach(): boolean {
    this.#detached = true;
    return this.#cells.unbind();
  }

  /** Puts a metric that was taken out back into its slot, for the registry `home`; false where it is there. */
  reattach(home: MetricHome): boolean {
    const was = this.#detached;
    this.#detached = false;
    if (!was) return false;
    this.#isSettled = false;
    this.#defined.redefine(home);
    return true;
  }

  /** The registry by which it was shared. */
  get home(): MetricHome {
    return this.#defined.home;
  }

  /** See `familyKey`. */
  get family(): string {
    return familyKey({ name: this.client.name, registry: this.home.name });
  }

  /** Takes every series out of the slot, to go back by `bind` under the present default labels of its registry. */
  relabel(): void {
    this.#cells.unbind();
    this.#defined.redefine();
    this.#originalLabels.forget();
  }

  /** The labels of one of this process's series as the application gave them. */
  labelsOf(key: string): ClientLabels | undefined {
    return this.#originalLabels.get(key);
  }

  beforeWrite(): void {
    this.#untouched = false;
    if (!this.#cells.isBound && !this.#detached) this.#source.beforeWrite();
  }

  accepts(value: number): boolean {
    const known = !Number.isNaN(value) || this.client.type === 'gauge';
    if (!known) this.#source.refuseNaN(this.definition);
    return known;
  }

  /** The series of these labels where it was counted in before; the hot path. */
  known(labels: ClientLabels): SharedSeries | undefined {
    return this.#isSettled ? this.#tree.get(labels) : undefined;
  }

  /** Of a metric without labels: its series, where it was written before. */
  get only(): SharedSeries | undefined {
    return this.#isSettled ? this.#cells.all[0] : undefined;
  }

  /** Whether all label names are the metric's. */
  hasLabels(labels: ClientLabels): boolean {
    return hasLabels(this.client.labelNames, labels);
  }

  /**
   * The series of these labels, which must have passed `hasLabels`, made where there is none. Counters and histograms
   * only.
   */
  resolve(labels: ClientLabels): SharedSeries {
    this.beforeWrite();
    this.#isSettled = true;
    let series = this.#tree.find(labels);
    if (series === undefined) {
      if (!this.admits(labels)) return this.#refused.any();
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

  /** Whether the metric may have one more series, of these labels. */
  admits(labels: ClientLabels): boolean {
    if (this.#detached || this.client.labelNames.length === 0) return true;
    return this.#source.admits(this.definition, () => this.#defined.pairs(labels), this.#cells.all.length);
  }
}
