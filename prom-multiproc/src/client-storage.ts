import type { ClientEntry } from './prom-client-internals.ts';
import type { SharedSeries } from './shared-series.ts';

/** What prom-client does to the storage of a metric, by its own hash of the labels. */
export interface StorageListener {
  /** Series by hash, in the order they were made. */
  index(): ReadonlyMap<string, SharedSeries>;
  onStore(hash: string, entry: ClientEntry): void;
  onDelete(hash: string): void;
}

/** An object that looks to prom-client like the plain one it keeps its series in. */
export function clientStorage(listener: StorageListener): Record<string, ClientEntry> {
  return new Proxy<Record<string, ClientEntry>>(
    {},
    {
      get: (target, hash) => listener.index().get(hash as string) ?? Reflect.get(target, hash),
      has: (target, hash) => listener.index().has(hash as string) || Reflect.has(target, hash),
      set(_, hash, entry: ClientEntry) {
        listener.onStore(String(hash), entry);
        return true;
      },
      deleteProperty(_, hash) {
        listener.onDelete(String(hash));
        return true;
      },
      ownKeys: () => [...listener.index().keys()],
      getOwnPropertyDescriptor(_, hash) {
        const value = listener.index().get(hash as string);
        return value && { value, writable: true, enumerable: true, configurable: true };
      },
    },
  );
}
