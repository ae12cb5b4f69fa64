import { inspect } from 'node:util';
import { ascendingBounds } from './buckets.ts';
import { clientStorage } from './client-storage.ts';
import {
  cellsPerSeries,
  type LabelPair,
  METRIC_TYPES,
  type MetricDefinition,
  type MetricType,
} from './format.ts';
import { LabelTree } from './label-tree.ts';
import type { ClientEntry, ClientLabels, ClientMetric } from './prom-client-internals.ts';
import { seriesKey } from './series-key.ts';
import {
  HistogramSeries,
  makeAbsent,
  type SeriesOwner,
  type SharedSeries,
  type SummarySeries,
  seriesOf,
  TimedSeries,
  ValueSeries,
  valuesOf,
} from './shared-series.ts';
import type { Cells } from './slot-writer.ts';

/** Where a metric's series get their cells. */
export interface CellSource {
  /** Called before the first write of a metric; takes a slot where the process has none yet. */
  beforeWrite(): void;
  metric(definition: MetricDefinition): void;
  series(definition: MetricDefinition, labels: readonly LabelPair[]): Cells | undefined;
  /** Makes absent all series of the metric's name, or that of these labels, that nobody counts in. */
  forget(definition: MetricDefinition, labels?: readonly LabelPair[]): void;
  /** Takes back cells that `series` gave for these labels, to give them again. */
  release(definition: MetricDefinition, labels: readonly LabelPair[], cells: Cells): void;
  refuseNaN(definition: MetricDefinition): void;
}

/**
 * One metric of prom-client, caught at its storage: whatever method, bound child or timer writes, it writes cells.
 * Unbound, the cells are on the heap; `bind` moves them into the process's slot.
 */
export class SharedMetric implements SeriesOwner {
  readonly client: ClientMetric;
  /** Raised whenever series were dropped: what was looked up before may be no longer ours. */
  generation = 0;
  readonly #source: CellSource;
  readonly #tree: LabelTree<SharedSeries>;
  #definition: MetricDefinition | undefined;
  #bounds: readonly number[] | undefined;
  readonly #storage: Record<string, ClientEntry>;
  #all: SharedSeries[] = [];
  /** By prom-client's hash of their labels; made when prom-client first asks by hash, which the fast path never does. */
  #byHash: Map<string, SharedSeries> | undefined;
  #bound = false;
  /** Whether a write needs no word to the source any more: it has taken a slot, or never will. */
  #isSettled = false;
  #detached = false;
  /** Neither written nor collected since it was captured. */
  #untouched = true;
  #labelsByKey: Map<string, ClientLabels> | undefined;
  /** Cells that a running collect() has let go of; absent at its end unless taken up again. */
  #left: Cells[] | undefined;

  constructor(client: ClientMetric, source: CellSource) {
    this.client = client;
    this.#source = source;
    this.#tree = new LabelTree(client.labelNames);
    this.#storage = clientStorage({
      index: () => this.#index(),
      onStore: (hash, entry) => this.#storeEntry(hash, entry),
      onDelete: (hash) => this.#removeEntry(hash),
    });
    this.#replaceStorage(client.hashMap);
    Object.defineProperty(client, 'hashMap', {
      get: () => this.#storage,
      set: (storage: Record<string, ClientEntry>) => this.#replaceStorage(storage),
      enumerable: true,
      configurable: true,
    });
  }

  /** @throws Error while prom-client's constructor of the metric still runs. */
  get definition(): MetricDefinition {
    this.#definition ??= this.#define();
    return this.#definition;
  }

  /** Counters and histograms are counted in by functions of ours, which find series by the tree. */
  get #isOnFastPath(): boolean {
    const { client } = this;
    return (
      client.enableExemplars !== true &&
      ('incWithoutExemplar' in client || 'observeWithoutExemplar' in client)
    );
  }

  // Asked while the constructor of prom-client still runs, when the type is yet to be set.
  get #isTimed(): boolean {
    return this.client.aggregator === 'mostrecent' && 'setToCurrentTime' in this.client;
  }

  get isComplete(): boolean {
    return this.client.type !== undefined;
  }

  /** Ascending: upper bounds of a histogram without +Inf, quantiles of a summary. */
  get bounds(): readonly number[] {
    this.#bounds ??= ascendingBounds(this.client.upperBounds ?? this.client.percentiles);
    return this.#bounds;
  }

  /** The series of this process with their present values. */
  *series(): Generator<{ labels: LabelPair[]; values: Float64Array }> {
    const count = cellsPerSeries(this.definition);
    for (const { labels, array, base } of this.#all) {
      yield { labels: this.#pairs(labels), values: array.slice(base, base + count) };
    }
  }

  /** Whether anything was counted; gauges are not counts. */
  hasCounts(): boolean {
    if (!this.isComplete || this.definition.type === 'gauge') return false;
    return [...this.series()].some(({ values }) => values.some((value) => value !== 0));
  }

  /** Moves every series into the process's slot. A gauge that is yet to be collected has nothing to show there. */
  bind(): void {
    if (this.#bound || (this.#untouched && this.#isCollected())) return;
    this.#bound = true;
    this.#isSettled = true;
    this.#source.metric(this.definition);
    for (const series of this.#all) this.#bindSeries(series);
  }

  /** Until `endCollect`, what is written stays on the heap: readers see nothing of it. Gauges only. */
  beginCollect(): void {
    if (!this.#bound || this.#left !== undefined || this.definition.type !== 'gauge') return;
    const count = cellsPerSeries(this.definition);
    this.#left = this.#all.map((series) => this.#release(series, series.moveToHeap(count)));
    this.#bound = false;
  }

  /** Shows all that was written since `beginCollect`, at once. */
  endCollect(): void {
    const left = this.#left;
    if (left === undefined) return;
    this.#left = undefined;
    this.bind();
    const count = cellsPerSeries(this.definition);
    const taken = new CellSet();
    for (const series of this.#all) taken.add(series);
    for (const cells of left) if (!taken.has(cells)) makeAbsent(cells, count);
  }

  /** Told of a `collect()` that came to its end. */
  collected(): void {
    this.#untouched = false;
  }

  /** Publishes the quantiles of a summary as they are now. */
  publishQuantiles(): void {
    if (!this.#bound || this.definition.type !== 'summary') return;
    for (const { td, array, base } of this.#all as SummarySeries[]) {
      td!.compress();
      this.bounds.forEach((quantile, i) => {
        array[base + 2 + i] = td!.percentile(quantile) || 0;
      });
    }
  }

  /** Makes absent from the slot what dead processes left of these labels, or of all. */
  forget(labels?: ClientLabels): void {
    if (this.#bound) this.#source.forget(this.definition, labels && this.#pairs(labels));
  }

  /** Takes every series out of the slot; the metric counts on for itself. */
  detach(): void {
    if (this.#bound) {
      const count = cellsPerSeries(this.definition);
      for (const series of this.#all) makeAbsent(this.#release(series, series.moveToHeap(count)), count);
    }
    this.#bound = false;
    this.#detached = true;
  }

  /** Puts a metric that was taken out back into its slot; false where it is there. */
  reattach(): boolean {
    const was = this.#detached;
    this.#detached = false;
    if (was) this.#isSettled = false;
    return was;
  }

  /** The labels of one of this process's series as the application gave them. */
  labelsOf(key: string): ClientLabels | undefined {
    this.#labelsByKey ??= new Map(
      this.#all.map(({ labels }) => [seriesKey(this.client.labelNames, this.#pairs(labels)), labels]),
    );
    return this.#labelsByKey.get(key);
  }

  beforeWrite(): void {
    this.#untouched = false;
    if (!this.#bound && this.#left === undefined && !this.#detached) this.#source.beforeWrite();
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

  /** @throws Error, as prom-client does, for a label name that is not the metric's. */
  checkLabels(labels: ClientLabels): void {
    const { labelNames } = this.client;
    for (const label in labels) {
      if (labelNames.includes(label)) continue;
      throw new Error(`Added label "${label}" is not included in initial labelset: ${inspect(labelNames)}`);
    }
  }

  /**
   * The series of these labels, which must have passed `checkLabels`, made where there is none. Counters and histograms
   * only.
   */
  resolve(labels: ClientLabels): SharedSeries {
    this.beforeWrite();
    this.#isSettled = true;
    let series = this.#tree.find(labels);
    if (series === undefined) {
      series = this.#add(this.#newSeries(lastingLabels(labels)));
      this.#tree.set(series.labels, series);
      this.#byHash?.set(this.#hashOf(this.#byHash, labels), series);
    }
    this.#tree.set(labels, series);
    return series;
  }

  /**
   * Runs a method of prom-client that finds its series by the hash of `labels`. Where other labels have that hash, they
   * make room for that long.
   */
  withExactEntry<T>(labels: ClientLabels, method: () => T): T {
    const index = this.#index();
    const clientHash = this.#clientHashOf(labels);
    const hash = this.#hashOf(index, labels);
    if (hash === clientHash) return method();
    const other = index.get(clientHash);
    put(index, clientHash, index.get(hash));
    try {
      return method();
    } finally {
      put(index, hash, index.get(clientHash));
      put(index, clientHash, other);
    }
  }

  #index(): Map<string, SharedSeries> {
    if (this.#byHash === undefined) {
      this.#byHash = new Map();
      for (const series of this.#all) this.#byHash.set(this.#hashOf(this.#byHash, series.labels), series);
    }
    return this.#byHash;
  }

  #clientHashOf(labels: ClientLabels): string {
    let hash = '';
    for (const name of [...this.client.labelNames].sort()) {
      if (labels[name] !== undefined) hash += `${name}:${labels[name]},`;
    }
    return hash;
  }

  /** prom-client's own hash of the labels, made unambiguous where it is taken by other labels. */
  #hashOf(index: ReadonlyMap<string, SharedSeries>, labels: ClientLabels): string {
    let hash = this.#clientHashOf(labels);
    for (let taken = index.get(hash); taken !== undefined && !this.#sameLabels(taken.labels, labels); ) {
      hash += '\0';
      taken = index.get(hash);
    }
    return hash;
  }

  #sameLabels(a: ClientLabels, b: ClientLabels): boolean {
    return this.client.labelNames.every((name) => String(a[name]) === String(b[name]));
  }

  #newSeries(labels: ClientLabels): SharedSeries {
    const { upperBounds } = this.client;
    return upperBounds === undefined
      ? new ValueSeries(this, labels, new Float64Array(1))
      : new HistogramSeries(this, labels, new Float64Array(this.bounds.length + 2));
  }

  #define(): MetricDefinition {
    const { name, help, type, labelNames, aggregator } = this.client;
    if (!METRIC_TYPES.includes(type as MetricType))
      throw new Error(`metric ${name} is of unknown type ${type}`);
    return {
      name,
      help,
      type: type as MetricType,
      aggregator: aggregator ?? 'sum',
      labelNames: [...labelNames],
      bounds: this.bounds,
    };
  }

  #replaceStorage(storage: Record<string, ClientEntry>): void {
    this.forget();
    for (const series of this.#all) this.#drop(series);
    this.#tree.clear();
    this.#labelsByKey = undefined;
    this.generation++;
    this.#all = [];
    this.#byHash = undefined;
    for (const entry of Object.values(storage)) this.#addEntry(entry);
  }

  #storeEntry(hash: string, entry: ClientEntry): void {
    this.beforeWrite();
    const known = this.#index().get(hash);
    if (known === undefined) this.#storeNew(hash, entry);
    else if ((known as unknown) === entry) known.settle();
    else if (entry.value !== undefined) (known as ValueSeries).value = entry.value;
    else known.overwrite(valuesOf(entry, this.bounds));
  }

  #storeNew(hash: string, entry: ClientEntry): void {
    const series = this.#addEntry(entry);
    this.#index().set(hash, series);
    // Written once more as it was: this write has a time.
    if (series instanceof TimedSeries) series.value = entry.value!;
  }

  #isCollected(): boolean {
    return this.client.collect !== undefined && this.definition.type === 'gauge';
  }

  #removeEntry(hash: string): void {
    const series = this.#index().get(hash);
    if (series === undefined) return;
    this.#index().delete(hash);
    this.#all.splice(this.#all.indexOf(series), 1);
    this.#tree.delete(series.labels);
    this.#labelsByKey = undefined;
    this.generation++;
    this.#drop(series);
  }

  #addEntry(entry: ClientEntry): SharedSeries {
    if (entry.value !== undefined && !this.accepts(entry.value)) entry.value = 0;
    const series = seriesOf(entry, this, this.#isTimed);
    if (this.#isOnFastPath) this.#tree.set(entry.labels, series);
    return this.#add(series);
  }

  #add(series: SharedSeries): SharedSeries {
    this.#labelsByKey = undefined;
    this.#all.push(series);
    if (this.#bound) this.#bindSeries(series);
    return series;
  }

  #drop(series: SharedSeries): void {
    if (this.#bound) makeAbsent(this.#release(series, series), cellsPerSeries(this.definition));
  }

  #release(series: SharedSeries, { array, base }: Cells): Cells {
    const cells = { array, base };
    this.#source.release(this.definition, this.#pairs(series.labels), cells);
    return cells;
  }

  // A series that finds no room stays on the heap: the application counts on, and the refusal is counted.
  #bindSeries(series: SharedSeries): void {
    const { definition } = this;
    const cells = this.#source.series(definition, this.#pairs(series.labels));
    if (cells !== undefined) series.moveTo(cells, cellsPerSeries(definition), definition.type === 'gauge');
  }

  #pairs(labels: ClientLabels): LabelPair[] {
    const pairs: LabelPair[] = [];
    for (const [name, value] of Object.entries(labels)) {
      const index = this.client.labelNames.indexOf(name);
      // As it is written to the file: what reads it back must find the same series.
      if (index >= 0 && value !== undefined) pairs.push([index, String(value).toWellFormed()]);
    }
    return pairs;
  }
}

/** Labels that stay as they are when the application changes its own, and that read as they will in the file. */
function lastingLabels(labels: ClientLabels): ClientLabels {
  const lasting = { ...labels };
  for (const name in lasting) {
    const value = lasting[name];
    if (typeof value === 'string' && !value.isWellFormed()) lasting[name] = value.toWellFormed();
  }
  return lasting;
}

function put(index: Map<string, SharedSeries>, hash: string, series: SharedSeries | undefined): void {
  if (series === undefined) index.delete(hash);
  else index.set(hash, series);
}

/** Cells by where they lie. */
class CellSet {
  readonly #bases = new Map<Float64Array, Set<number>>();

  add({ array, base }: Cells): void {
    const bases = this.#bases.get(array) ?? new Set();
    this.#bases.set(array, bases.add(base));
  }

  has({ array, base }: Cells): boolean {
    return this.#bases.get(array)?.has(base) ?? false;
  }
}
