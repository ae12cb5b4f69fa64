/**
 * The version of the package. All copies of the same version in a process have common state: they use one slot, and a
 * registry shared by one copy is shared for all. Copies come from bundles, preloads and module resets of jest or vitest.
 */
export const VERSION = '0.1.0';

const KEY = Symbol.for(`prom-multiproc@${VERSION}`);

/** Returns the state that another copy made under this name, or else calls `make`. */
export function processState<State>(name: string, make: () => State): State {
  const global = globalThis as { [KEY]?: Map<string, unknown> };
  global[KEY] ??= new Map();
  const states = global[KEY];
  if (!states.has(name)) states.set(name, make());
  return states.get(name) as State;
}
