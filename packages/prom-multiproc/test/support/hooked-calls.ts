import { syncBuiltinESMExports } from 'node:module';

/** Replaces a function of `owner` by `around`, which gets a function that makes the original call. @returns the undo function. */
export function hookCall<T extends object>(
  owner: T,
  name: keyof T & string,
  around: (call: () => unknown) => unknown,
): () => void {
  const original = owner[name] as (...args: unknown[]) => unknown;
  const put = (value: unknown) => Object.assign(owner, { [name]: value });
  put((...args: unknown[]) => around(() => original.apply(owner, args)));
  return () => put(original);
}

/** Runs `act` with hooks in place, also for modules that imported a function of Node by name, then undoes the hooks. */
export function whileHooked(undo: readonly (() => void)[], act: () => void): void {
  syncBuiltinESMExports();
  try {
    act();
  } finally {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  }
}
