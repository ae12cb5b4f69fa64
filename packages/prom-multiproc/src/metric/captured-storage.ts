import { lastingLabels } from '../client/client-definition.ts';
import type {
  ClientEntry,
  ClientLabels,
  ClientMetric,
  StorageKind,
  StorageListener,
} from '../client/client-internals.ts';
import type { ExcessSeries } from './excess-series.ts';
import type { HashIndex } from './hash-index.ts';
import type { LabelTree } from './label-tree.ts';
import type { MetricCells } from './metric-cells.ts';
import type { OriginalLabels } from './original-labels.ts';
import { type GaugeEntry, seriesOf, valuesOf } from './series-of-entry.ts';
import type { SeriesOwner, SharedSeries, ValueSeries } from './shared-series.ts';

/** A metric whose storage is captured. */
export interface StoredMetric extends SeriesOwner {
  readonly client: ClientMetric;
  readonly kind: StorageKind;
  hasLabels(labels: ClientLabels): boolean;
  /** Whether the metric may have one more series, with these labels. */
  admits(labels: ClientLabels): boolean;
}

/** The parts that hold the series of a metric. */
export interface SeriesStore {
  readonly cells: MetricCells;
  readonly tree: LabelTree<SharedSeries>;
  readonly index: HashIndex;
  readonly originalLabels: OriginalLabels;
  readonly excess: ExcessSeries;
}

/**
 * Replaces the storage of a metric by one whose entries are series in cells. A later assignment to the property, as in
 * `reset()`, replaces the series.
 */
export function captureStorage(metric: StoredMetric, store: SeriesStore): void {
  const { client, kind } = metric;
  const present = (client as unknown as Record<string, never>)[kind.property]!;
  const captured = new CapturedStorage(metric, store);
  const storage = kind.make(captured, present, client.labelNames);
  captured.replace(present);
  Object.defineProperty(client, kind.property, {
    get: () => storage,
    set: (replacement: never) => captured.replace(replacement),
    enumerable: true,
    configurable: true,
  });
}

class CapturedStorage implements StorageListener {
  readonly #metric: StoredMetric;
  readonly #store: SeriesStore;
  /** True after a gauge without labels was reset: the client then stores the initial zero, which is not a write. */
  #expectsInitialZero = false;

  constructor(metric: StoredMetric, store: SeriesStore) {
    this.#metric = metric;
    this.#store = store;
  }

  replace(storage: never): void {
    const { cells, tree, originalLabels, index } = this.#store;
    const { client, kind } = this.#metric;
    cells.forget();
    cells.dropAll();
    tree.clear();
    originalLabels.forget();
    index.clear();
    const isUnlabelled = client.labelNames.length === 0;
    for (const entry of kind.entriesOf(storage)) this.#add(entry, isUnlabelled && entry.value === 0);
    this.#expectsInitialZero = isUnlabelled && cells.all.length === 0;
  }

  index(): ReadonlyMap<string, SharedSeries> {
    return this.#store.index.byHash;
  }

  keyOf(labels: ClientLabels): string {
    return this.#store.index.hashOf(labels);
  }

  hasLabels(labels: ClientLabels): boolean {
    return this.#metric.hasLabels(labels);
  }

  find(hash: string): SharedSeries | undefined {
    return this.#store.index.byHash.get(hash) ?? this.#store.excess.find(hash);
  }

  onFirst(hash: string, entry: ClientEntry): SharedSeries {
    const neverSet = this.#expectsInitialZero && entry.value === 0;
    this.#expectsInitialZero = false;
    const series = this.#add(entry, neverSet);
    this.#store.index.byHash.set(hash, series);
    return series;
  }

  onStore(hash: string, entry: ClientEntry): SharedSeries {
    const metric = this.#metric;
    metric.beforeWrite();
    const known = this.#store.index.byHash.get(hash);
    if (known === undefined)
      return metric.admits(entry.labels)
        ? this.onFirst(hash, entry)
        : this.#store.excess.of(hash, entry, this.#gauge(false));
    if ((known as unknown) === entry) return known;
    if (entry.value !== undefined) (known as ValueSeries).value = entry.value;
    else known.overwrite(valuesOf(entry, metric));
    return known;
  }

  onDelete(hash: string): void {
    const { cells, tree, originalLabels, index } = this.#store;
    const series = index.byHash.get(hash);
    if (series === undefined) return;
    index.byHash.delete(hash);
    tree.delete(series.labels);
    originalLabels.forget();
    cells.drop(series);
  }

  #add(entry: ClientEntry, neverSet: boolean): SharedSeries {
    const { cells, tree, originalLabels } = this.#store;
    if (entry.value !== undefined && !this.#metric.accepts(entry.value)) entry.value = 0;
    const gauge = this.#gauge(neverSet);
    const labels = this.#lastingLabels(entry.labels, gauge !== undefined);
    const series = seriesOf({ ...entry, labels }, this.#metric, gauge);
    if (labels !== entry.labels) tree.set(labels, series);
    originalLabels.forget();
    cells.add(series);
    return series;
  }

  /** A copy for the fast path: prom-client stores the application's own labels object, which may change. */
  #lastingLabels(labels: ClientLabels, isGauge: boolean): ClientLabels {
    // Not well-formed: prom-client looks gauges up by its own text of the labels.
    if (isGauge) return { ...labels };
    const { client } = this.#metric;
    const isOnFastPath = 'incWithoutExemplar' in client || 'observeWithoutExemplar' in client;
    return isOnFastPath ? lastingLabels(labels) : labels;
  }

  // May run inside prom-client's constructor, before `type` is set.
  #gauge(neverSet: boolean): GaugeEntry | undefined {
    const { client } = this.#metric;
    return 'setToCurrentTime' in client ? { aggregator: client.aggregator, neverSet } : undefined;
  }
}
