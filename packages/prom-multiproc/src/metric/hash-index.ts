import type { ClientLabels, StorageKind } from '../client/client-internals.ts';
import type { SharedSeries } from './shared-series.ts';

/**
 * The series of a metric by the client's own key of their labels, in the order they were made. That of prom-client takes
 * some labels for others; here it is made unambiguous. Made when prom-client first asks by hash, which the fast path never
 * does.
 */
export class HashIndex {
  readonly #keyOf: StorageKind['keyOf'];
  readonly #labelNames: readonly string[];
  readonly #sortedNames: readonly string[];
  readonly #all: () => Iterable<SharedSeries>;
  #byHash: Map<string, SharedSeries> | undefined;

  /** `all` gives the series that are there when the index is made. */
  constructor(keyOf: StorageKind['keyOf'], labelNames: readonly string[], all: () => Iterable<SharedSeries>) {
    this.#keyOf = keyOf;
    this.#labelNames = labelNames;
    this.#sortedNames = [...labelNames].sort();
    this.#all = all;
  }

  get byHash(): Map<string, SharedSeries> {
    if (this.#byHash === undefined) {
      this.#byHash = new Map();
      for (const series of this.#all()) this.#byHash.set(this.#hashOf(this.#byHash, series.labels), series);
    }
    return this.#byHash;
  }

  /** Adds a new series to an index that was made before. */
  add(series: SharedSeries): void {
    this.#byHash?.set(this.#hashOf(this.#byHash, series.labels), series);
  }

  clear(): void {
    this.#byHash = undefined;
  }

  /**
   * Runs a method of prom-client that finds its series by the hash of `labels`. Where other labels have that hash, they
   * make room for that long.
   */
  withExactEntry<T>(labels: ClientLabels, method: () => T): T {
    const index = this.byHash;
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

  /** The key of labels, whether a series has them or not. */
  hashOf(labels: ClientLabels): string {
    return this.#hashOf(this.byHash, labels);
  }

  #clientHashOf(labels: ClientLabels): string {
    return this.#keyOf(this.#sortedNames, labels);
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
    return this.#labelNames.every((name) => String(a[name]) === String(b[name]));
  }
}

function put(index: Map<string, SharedSeries>, hash: string, series: SharedSeries | undefined): void {
  if (series === undefined) index.delete(hash);
  else index.set(hash, series);
}
