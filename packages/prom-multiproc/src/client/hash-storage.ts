import type { ClientEntry, StorageListener } from './client-internals.ts';

/** Returns an object that behaves like prom-client's own storage, a plain object, but whose keys are well-formed. */
export function hashStorage(listener: StorageListener): Record<string, ClientEntry> {
  return new Proxy<Record<string, ClientEntry>>(
    {},
    {
      get: (target, hash) => listener.find(keyOf(hash)) ?? Reflect.get(target, hash),
      has: (target, hash) => listener.index().has(keyOf(hash)) || Reflect.has(target, hash),
      set(_, hash, entry: ClientEntry) {
        listener.onStore(keyOf(hash), entry);
        return true;
      },
      deleteProperty(_, hash) {
        listener.onDelete(keyOf(hash));
        return true;
      },
      ownKeys: () => [...listener.index().keys()],
      getOwnPropertyDescriptor(_, hash) {
        const value = listener.index().get(keyOf(hash));
        return value && { value, writable: true, enumerable: true, configurable: true };
      },
    },
  );
}

function keyOf(hash: string | symbol): string {
  return String(hash).toWellFormed();
}
