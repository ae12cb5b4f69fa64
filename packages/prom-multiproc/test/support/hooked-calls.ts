import { syncBuiltinESMExports } from 'node:module';

/** Puts `around` in place of a function of `owner`, given what makes the call itself. Returns what takes it back. */
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

/** Runs `act` with hooks in place, which `undo` takes back. Modules that imported a function by name call the hook, too. */
export function whileHooked(undo: readonly (() => void)[], act: () => void): void {
  syncBuiltinESMExports();
  try {
    act();
  } finally {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  }
}
