/**
 * The undocumented parts of prom-client 15 and @prometheus-io/client 0.16 on which this library relies, and all differences
 * between the two. Elsewhere "prom-client" means either.
 */

import { hashStorage } from './hash-storage.ts';
import { labelStorage, withoutNesting } from './label-storage.ts';

/** A registry of either client and any content type, as used in this library's API. */
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
  /** Undefined while the metric's constructor is running: set after the registration. */
  readonly type?: string;
  readonly labelNames: readonly string[];
  readonly aggregator: string;
  readonly upperBounds?: readonly number[];
  readonly enableExemplars?: boolean;
  /** Initial exemplars of a histogram entry. prom-client 15.1.0 sets it even if exemplars are off. */
  readonly bucketExemplars?: unknown;
  readonly collect?: () => void | Promise<void>;
  readonly percentiles?: readonly number[];
  get(): Promise<unknown>;
  inc?: unknown;
  observe?: unknown;
  set?: unknown;
  labels?: unknown;
  /** Methods that the constructor assigns to `inc` and `observe`. */
  readonly incWithoutExemplar?: unknown;
  readonly incWithExemplar?: unknown;
  readonly observeWithoutExemplar?: unknown;
  readonly observeWithExemplar?: unknown;
  readonly updateExemplar?: unknown;
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
  /** t-digest of a summary, over its own time window. */
  td?: { compress(): void; percentile(quantile: number): number | undefined };
};

/** The object that replaces an entry in the storage of a metric. */
export interface StoredSeries {
  readonly labels: ClientLabels;
}

/** Receives prom-client's operations on the storage of a metric. */
export interface StorageListener {
  /** All series by the key of their labels, in creation order. */
  index(): ReadonlyMap<string, StoredSeries>;
  keyOf(labels: ClientLabels): string;
  /** Called for the initial series of a metric without labels. Does not count as a write. */
  onFirst(key: string, entry: ClientEntry): StoredSeries;
  /** Returns the series in which `entry` is stored. Beyond the series limit, the series is discarded. */
  onStore(key: string, entry: ClientEntry): StoredSeries;
  /** Returns the series of this key. With exemplars, also finds the discarded series that `onStore` returned last. */
  find(key: string): StoredSeries | undefined;
  onDelete(key: string): void;
  /** Whether the metric has all of these label names. */
  hasLabels(labels: ClientLabels): boolean;
}

/** How a client stores the series of a metric. */
export interface StorageKind {
  /** The property of a metric that holds the storage. Constructors and `reset()` assign it. */
  readonly property: 'hashMap' | 'store';
  entriesOf(storage: never): Iterable<ClientEntry>;
  /** Makes an object that behaves like `storage`, the client's own, and reports to `listener`. */
  make(listener: StorageListener, storage: never, labelNames: readonly string[]): object;
  /** Returns the client's own key of a label set. */
  keyOf(sortedNames: readonly string[], labels: ClientLabels): string;
  /** Whether different label sets can have the same key. */
  readonly confusesLabels: boolean;
}

/** prom-client: a plain object, keyed by a hash of the labels. */
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

/** @prometheus-io/client: an object with lookups by labels. This library chooses the key. */
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

/** The parts of a registry on which this library relies. */
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

/** Whether the registry stores its metrics in a Map, as @prometheus-io/client and prom-client after 15.1.3 do. */
export function keepsMap(register: ClientRegistry): boolean {
  return register._metrics instanceof Map;
}

/** Returns undefined for an object that is not a prom-client metric, such as one that only has a `get()`. */
export function storageKindOf(metric: ClientMetric): StorageKind | undefined {
  if (!Array.isArray(metric.labelNames)) return undefined;
  const { hashMap, store } = metric as { hashMap?: unknown; store?: { getOrAdd?: unknown } };
  if (typeof hashMap === 'object' && hashMap !== null) return HASH_MAP;
  return typeof store?.getOrAdd === 'function' ? LABEL_MAP : undefined;
}

export function isStoredMetric(metric: ClientMetric): boolean {
  return storageKindOf(metric) !== undefined;
}
