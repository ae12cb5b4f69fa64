/**
 * What this library relies on inside prom-client 15 and @prometheus-io/client 0.16, beyond their documented surface, and
 * all in which they differ. "prom-client" elsewhere means either.
 */

import { hashStorage } from './hash-storage.ts';
import { labelStorage, withoutNesting } from './label-storage.ts';

/** A registry of either client and content type, as far as this library's interface is concerned. */
export interface AnyRegistry {
  readonly contentType: string;
  metrics(): Promise<string>;
  getMetricsAsJSON(): Promise<unknown[]>;
  getSingleMetric(name: string): unknown;
  registerMetric(metric: never): void;
  setDefaultLabels(labels: object): void;
  clear(): void;
}

export interface ClientMetric {
  readonly name: string;
  readonly help: string;
  /** Set only after the metric was registered: undefined while its constructor still runs. */
  readonly type?: string;
  readonly labelNames: readonly string[];
  readonly aggregator: string;
  readonly upperBounds?: readonly number[];
  readonly enableExemplars?: boolean;
  /** Of a histogram: what an entry begins with; in prom-client 15.1.0 without exemplars, too. */
  readonly bucketExemplars?: unknown;
  readonly collect?: () => void | Promise<void>;
  readonly percentiles?: readonly number[];
  get(): Promise<unknown>;
  inc?: unknown;
  observe?: unknown;
  set?: unknown;
  labels?: unknown;
  /** What a constructor assigns to `inc` and `observe`. */
  readonly incWithoutExemplar?: unknown;
  readonly observeWithoutExemplar?: unknown;
}

export type ClientLabels = Record<string, unknown>;

/** A series as prom-client stores it. */
export type ClientEntry = {
  labels: ClientLabels;
  value?: number;
  sum?: number;
  count?: number;
  bucketValues?: Record<string, number>;
  bucketExemplars?: unknown;
  exemplar?: unknown;
  /** Quantiles of a summary over its own time window. */
  td?: { compress(): void; percentile(quantile: number): number | undefined };
};

/** What stands in the storage of a metric in the place of an entry. */
export interface StoredSeries {
  readonly labels: ClientLabels;
}

/** What prom-client does to the storage of a metric. */
export interface StorageListener {
  /** Series by the key of their labels, in the order they were made. */
  index(): ReadonlyMap<string, StoredSeries>;
  keyOf(labels: ClientLabels): string;
  /** The series that a new metric without labels begins with: no write. */
  onFirst(key: string, entry: ClientEntry): StoredSeries;
  /** The series it is stored in; beyond the limit of series one that is held nowhere. */
  onStore(key: string, entry: ClientEntry): StoredSeries;
  /** The series of this key; of a metric with exemplars also that which `onStore` gave last. */
  find(key: string): StoredSeries | undefined;
  onDelete(key: string): void;
  /** Whether all label names are the metric's. */
  hasLabels(labels: ClientLabels): boolean;
}

/** How a client keeps the series of a metric. */
export interface StorageKind {
  /** Name of the property of a metric that has them, assigned anew by constructors and `reset()`. */
  readonly property: 'hashMap' | 'store';
  entriesOf(storage: never): Iterable<ClientEntry>;
  /** What looks to the client like `storage`, what it keeps them in. */
  make(listener: StorageListener, storage: never, labelNames: readonly string[]): object;
  /** The client's own name for labels. */
  keyOf(sortedNames: readonly string[], labels: ClientLabels): string;
  /** Whether labels that differ can have the same key. */
  readonly confusesLabels: boolean;
}

/** prom-client: a plain object, by a hash of the labels. */
const HASH_MAP: StorageKind = {
  property: 'hashMap',
  entriesOf: (hashMap: Record<string, ClientEntry>) => Object.values(hashMap),
  make: hashStorage,
  keyOf: (sortedNames, labels) => {
    let hash = '';
    for (const name of sortedNames) {
      if (labels[name] !== undefined) hash += `${name}:${labels[name]},`;
    }
    return hash;
  },
  confusesLabels: true,
};

/** @prometheus-io/client: an object that is asked by labels, so that the key is ours to choose. */
const LABEL_MAP: StorageKind = {
  property: 'store',
  entriesOf: (store: { values(): Iterable<ClientEntry> }) => [...store.values()].map(withoutNesting),
  make: labelStorage,
  keyOf: (sortedNames, labels) => {
    let key = '';
    for (const name of sortedNames) {
      const value = labels[name];
      if (value !== undefined) key += `${name}=${String(value).length}:${value},`;
    }
    return key;
  },
  confusesLabels: false,
};

/** What this library relies on inside a registry. */
export interface ClientRegistry {
  readonly contentType: string;
  readonly _metrics: unknown;
  readonly _defaultLabels: Readonly<Record<string, string | number>>;
  getMetricsAsArray(): ClientMetric[];
  getSingleMetric(name: string): ClientMetric | undefined;
  registerMetric(metric: ClientMetric): void;
  metrics(): Promise<string>;
  getMetricsAsString(metric: ClientMetric): Promise<string>;
  getMetricsAsJSON(aggregator?: string): Promise<unknown[]>;
  getSingleMetricAsString(name: string): Promise<string>;
  setDefaultLabels(labels: object): void;
  clear(...args: unknown[]): void;
  removeSingleMetric(...args: unknown[]): void;
}

export function internalsOf(register: AnyRegistry): ClientRegistry {
  return register as unknown as ClientRegistry;
}

/** As a registry of @prometheus-io/client does, and one of prom-client after 15.1.3. */
export function keepsMap(register: ClientRegistry): boolean {
  return register._metrics instanceof Map;
}

/** Undefined for what is no metric of prom-client, but an object that merely has a `get()`. */
export function storageKindOf(metric: ClientMetric): StorageKind | undefined {
  if (!Array.isArray(metric.labelNames)) return undefined;
  const { hashMap, store } = metric as { hashMap?: unknown; store?: { getOrAdd?: unknown } };
  if (typeof hashMap === 'object' && hashMap !== null) return HASH_MAP;
  return typeof store?.getOrAdd === 'function' ? LABEL_MAP : undefined;
}

export function isStoredMetric(metric: ClientMetric): boolean {
  return storageKindOf(metric) !== undefined;
}
