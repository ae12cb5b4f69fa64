import type { ClientLabels, StorageKind } from '../client/client-internals.ts';
import type { SharedSeries } from './shared-series.ts';

/**
 * Maps the client's own key of a label set to its series, in creation order. Keys are well-formed, as label values in the file. Some
 * label sets have the same key in prom-client: here a suffix makes it unique. The index is built at the first lookup by key; the fast
 * path never needs it.
 */
export class HashIndex {
  readonly #keyOf: StorageKind['keyOf'];
  readonly #labelNames: readonly string[];
  readonly #sortedNames: readonly string[];
  readonly #all: () => Iterable<SharedSeries>;
  #byHash: Map<string, SharedSeries> | undefined;

  /** `all` returns the existing series when the index is built. */
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

  /** Adds a new series, if the index is already built. */
  add(series: SharedSeries): void {
    this.#byHash?.set(this.#hashOf(this.#byHash, series.labels), series);
  }

  clear(): void {
    this.#byHash = undefined;
  }

  /**
   * Runs a prom-client method that finds its series by the hash of `labels`. If another label set has the same hash, its
   * entry is moved out of the way during the call.
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

  /** Returns the unique key of `labels`, whether or not such a series exists. */
  hashOf(labels: ClientLabels): string {
    return this.#hashOf(this.byHash, labels);
  }

  #clientHashOf(labels: ClientLabels): string {
    return this.#keyOf(this.#sortedNames, labels).toWellFormed();
  }

  /** Returns prom-client's hash of the labels, with a suffix if another label set already has that hash. */
  #hashOf(index: ReadonlyMap<string, SharedSeries>, labels: ClientLabels): string {
    let hash = this.#clientHashOf(labels);
    for (let taken = index.get(hash); taken !== undefined && !this.#sameLabels(taken.labels, labels); ) {
      hash += '\0';
      taken = index.get(hash);
    }
    return hash;
  }

  #sameLabels(a: ClientLabels, b: ClientLabels): boolean {
    return this.#labelNames.every((name) => textOf(a[name]) === textOf(b[name]));
  }
}

function textOf(value: unknown): string {
  return String(value).toWellFormed();
}

function put(index: Map<string, SharedSeries>, hash: string, series: SharedSeries | undefined): void {
  if (series === undefined) index.delete(hash);
  else index.set(hash, series);
}
