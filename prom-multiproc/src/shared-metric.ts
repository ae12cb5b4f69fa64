import { inspect } from 'node:util';
import { ascendingBounds } from './buckets.ts';
import { captureEntry, settleEntry, valuesOf } from './entry-capture.ts';
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
import { makeAbsent, SharedSeries, type WriteGuard } from './shared-series.ts';
import type { Cells } from './slot-writer.ts';

/** Where a metric's series get their cells. */
export interface CellSource {
  /** Called before the first write of a metric; takes a slot where the process has none yet. */
  beforeWrite(): void;
  metric(definition: MetricDefinition): void;
  series(definition: MetricDefinition, labels: readonly LabelPair[]): Cells | undefined;
  /** Makes absent all series of the metric, or the one of these labels: those that a dead process left, too. */
  forget(definition: MetricDefinition, labels?: readonly LabelPair[]): void;
  refuseNaN(definition: MetricDefinition): void;
}

/**
 * One metric of prom-client, caught at its storage: whatever method, bound child or timer writes, it writes cells.
 * Unbound, the cells are on the heap; `bind` moves them into the process's slot.
 */
export class SharedMetric implements WriteGuard {
  readonly client: ClientMetric;
  /** Raised whenever series were dropped: what was looked up before may be no longer ours. */
  generation = 0;
  readonly #source: CellSource;
  readonly #tree: LabelTree<SharedSeries>;
  #definition: MetricDefinition | undefined;
  #bounds: readonly number[] | undefined;
  #entries: Record<string, ClientEntry> = {};
  #storage: Record<string, ClientEntry> = {};
  #bound = false;
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
    for (const entry of Object.values(this.#entries)) {
      const { array, base } = SharedSeries.of(entry)!;
      yield { labels: this.#pairs(entry.labels), values: array.slice(base, base + count) };
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
    this.#source.metric(this.definition);
    for (const entry of Object.values(this.#entries)) this.#bindSeries(SharedSeries.of(entry)!);
  }

  /** Until `endCollect`, what is written stays on the heap: readers see nothing of it. Gauges only. */
  beginCollect(): void {
    if (!this.#bound || this.#left !== undefined || this.definition.type !== 'gauge') return;
    const count = cellsPerSeries(this.definition);
    this.#left = Object.values(this.#entries).map((entry) => SharedSeries.of(entry)!.moveToHeap(count));
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
    for (const entry of Object.values(this.#entries)) taken.add(SharedSeries.of(entry)!);
    for (const cells of left) if (!taken.has(cells)) makeAbsent(cells, count);
  }

  /** Told of a `collect()` that came to its end. */
  collected(): void {
    this.#untouched = false;
  }

  /** Publishes the quantiles of a summary as they are now. */
  publishQuantiles(): void {
    if (!this.#bound || this.definition.type !== 'summary') return;
    for (const entry of Object.values(this.#entries)) {
      const { array, base } = SharedSeries.of(entry)!;
      entry.td!.compress();
      this.bounds.forEach((quantile, i) => {
        array[base + 2 + i] = entry.td!.percentile(quantile) || 0;
      });
    }
  }

  /** Makes the series of these labels absent from the whole slot, or all series: those inherited, too. */
  forget(labels?: ClientLabels): void {
    if (this.#bound) this.#source.forget(this.definition, labels && this.#pairs(labels));
  }

  /** Has series of this process that were made absent begin at zero again. */
  zeroAbsent(): void {
    if (!this.#bound) return;
    const zeros = new Float64Array(cellsPerSeries(this.definition));
    for (const entry of Object.values(this.#entries)) {
      const series = SharedSeries.of(entry)!;
      if (Number.isNaN(series.array[series.base]!)) series.overwrite(zeros);
    }
  }

  /** Lets go of the slot, where its series stay; the metric counts on for itself. */
  detach(): void {
    if (this.#bound) {
      const count = cellsPerSeries(this.definition);
      for (const entry of Object.values(this.#entries)) SharedSeries.of(entry)!.moveToHeap(count);
    }
    this.#bound = false;
    this.#detached = true;
  }

  /** Puts a metric that was taken out back into its slot; false where it is there. */
  reattach(): boolean {
    const was = this.#detached;
    this.#detached = false;
    return was;
  }

  /** The labels of one of this process's series as the application gave them. */
  labelsOf(key: string): ClientLabels | undefined {
    this.#labelsByKey ??= new Map(
      Object.values(this.#entries).map(({ labels }) => [
        seriesKey(this.client.labelNames, this.#pairs(labels)),
        labels,
      ]),
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
    return this.#tree.get(labels);
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
    const hash = this.#hashOf(labels);
    const entry = this.#entries[hash] ?? this.#addEntry(hash, this.#emptyEntry(labels));
    const series = SharedSeries.of(entry)!;
    this.#tree.set(labels, series);
    return series;
  }

  /**
   * Runs a method of prom-client that finds its series by the hash of `labels`. Where other labels have that hash, they
   * make room for that long.
   */
  withExactEntry<T>(labels: ClientLabels, method: () => T): T {
    const clientHash = this.#clientHashOf(labels);
    const hash = this.#hashOf(labels);
    if (hash === clientHash) return method();
    const other = this.#entries[clientHash];
    this.#putEntry(clientHash, this.#entries[hash]);
    try {
      return method();
    } finally {
      this.#putEntry(hash, this.#entries[clientHash]);
      this.#putEntry(clientHash, other);
    }
  }

  #putEntry(hash: string, entry: ClientEntry | undefined): void {
    if (entry === undefined) delete this.#entries[hash];
    else this.#entries[hash] = entry;
  }

  #clientHashOf(labels: ClientLabels): string {
    let hash = '';
    for (const name of [...this.client.labelNames].sort()) {
      if (labels[name] !== undefined) hash += `${name}:${labels[name]},`;
    }
    return hash;
  }

  /** prom-client's own hash of the labels, made unambiguous where it is taken by other labels. */
  #hashOf(labels: ClientLabels): string {
    let hash = this.#clientHashOf(labels);
    for (let taken = this.#entries[hash]; taken !== undefined && !this.#sameLabels(taken.labels, labels); ) {
      hash += '\0';
      taken = this.#entries[hash];
    }
    return hash;
  }

  #sameLabels(a: ClientLabels, b: ClientLabels): boolean {
    return this.client.labelNames.every((name) => String(a[name]) === String(b[name]));
  }

  #emptyEntry(labels: ClientLabels): ClientEntry {
    const { upperBounds } = this.client;
    if (upperBounds === undefined) return { labels, value: 0 };
    const bucketValues = Object.fromEntries(upperBounds.map((bound) => [bound, 0]));
    return { labels, bucketValues, sum: 0, count: 0 };
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
    this.#forgetLookups();
    this.#entries = {};
    for (const [hash, entry] of Object.entries(storage)) this.#addEntry(hash, entry);
    this.#storage = new Proxy(this.#entries, {
      set: (_, hash, entry: ClientEntry) => this.#storeEntry(String(hash), entry),
      deleteProperty: (_, hash) => this.#removeEntry(String(hash)),
    });
  }

  #storeEntry(hash: string, entry: ClientEntry): true {
    this.beforeWrite();
    const known = this.#entries[hash];
    if (known === undefined) this.#storeNew(hash, entry);
    else if (known === entry) settleEntry(entry);
    else if (entry.value !== undefined) known.value = entry.value;
    else SharedSeries.of(known)!.overwrite(valuesOf(entry, this.bounds));
    return true;
  }

  #storeNew(hash: string, entry: ClientEntry): void {
    const { value } = entry;
    this.#addEntry(hash, entry);
    // Written once more as it was: this write has a time.
    if (this.client.aggregator === 'mostrecent') entry.value = value!;
  }

  #addEntry(hash: string, entry: ClientEntry): ClientEntry {
    this.#labelsByKey = undefined;
    if (entry.value !== undefined && !this.accepts(entry.value)) entry.value = 0;
    const series = captureEntry(entry, this.bounds, this.client.aggregator === 'mostrecent', this);
    this.#entries[hash] = entry;
    if (this.#bound) this.#bindSeries(series);
    return entry;
  }

  #isCollected(): boolean {
    return this.client.collect !== undefined && this.definition.type === 'gauge';
  }

  #forgetLookups(): void {
    this.#tree.clear();
    this.#labelsByKey = undefined;
    this.generation++;
  }

  #removeEntry(hash: string): true {
    const entry = this.#entries[hash];
    if (entry === undefined) return true;
    delete this.#entries[hash];
    this.#forgetLookups();
    if (this.#bound) makeAbsent(SharedSeries.of(entry)!, cellsPerSeries(this.definition));
    return true;
  }

  // A series that finds no room stays on the heap: the application counts on, and the refusal is counted.
  #bindSeries(series: SharedSeries): void {
    const { definition } = this;
    const cells = this.#source.series(definition, this.#pairs(series.entry.labels));
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
