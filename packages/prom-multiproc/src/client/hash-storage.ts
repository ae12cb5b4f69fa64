import type { ClientEntry, StorageListener } from './client-internals.ts';

/** Returns an object that behaves like prom-client's own storage, a plain object. */
export function hashStorage(listener: StorageListener): Record<string, ClientEntry> {
  return new Proxy<Record<string, ClientEntry>>(
    {},
    {
      get: (target, hash) => listener.find(hash as string) ?? Reflect.get(target, hash),
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
