/**
 * State that all copies of this version of the library in one process (a bundle beside a preload, modules that jest or
 * vitest has reset) have in common: they share one slot, and a registry that one copy shares is shared for all.
 */
export const VERSION = '0.1.0';

const KEY = Symbol.for(`prom-multiproc@${VERSION}`);

/** What another copy made under this name, or else what `make` makes now. */
export function processState<State>(name: string, make: () => State): State {
  const global = globalThis as { [KEY]?: Map<string, unknown> };
  global[KEY] ??= new Map();
  const states = global[KEY];
  if (!states.has(name)) states.set(name, make());
  return states.get(name) as State;
}
