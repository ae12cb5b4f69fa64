/**
 * Finds all copies of the clients in this process. A dependency may install its own copy, and a bundled library may contain
 * one.
 */

import type { AnyRegistry } from './client-internals.ts';
import type { ClientModule, RegistryClass } from './clients.ts';

export interface ClientCopy {
  readonly client: ClientModule;
  /** File of its entry module; undefined if Node's own loader did not load it. */
  readonly path: string | undefined;
}

interface LoadedModule {
  readonly exports: unknown;
  readonly loaded: boolean;
}

interface ModuleLoader {
  readonly _cache: Record<string, LoadedModule | undefined>;
  readonly _extensions: Record<string, (module: LoadedModule, path: string) => unknown>;
}

const copies = new Map<RegistryClass, ClientCopy>();
const listeners: ((copy: ClientCopy) => void)[] = [];
const seen = new WeakSet<LoadedModule>();
/** Milliseconds from the first call to each search by timer. */
const SEARCHES_MS = [0, 100, 1_000, 5_000, 15_000, 60_000];

let hooked = false;
let timersStarted = false;

/** All copies loaded so far. */
export function clientCopies(): ClientCopy[] {
  lookForClients();
  return [...copies.values()];
}

/** Calls `listener` for each copy: now for copies that are loaded, later for each copy that is found. */
export function onClientCopy(listener: (copy: ClientCopy) => void): void {
  lookForClients();
  listeners.push(listener);
  for (const copy of copies.values()) listener(copy);
}

/** Searches the modules that Node has loaded since the last search. */
export function lookForClients(): void {
  const { _cache } = moduleLoader();
  // In reverse: a module precedes the modules it loads and may re-export them. The last match is the client itself.
  for (const path of Object.keys(_cache).reverse()) addModule(_cache[path], path);
}

/** Searches again several times in the first minute. */
export function lookAgainLater(): void {
  if (timersStarted) return;
  timersStarted = true;
  for (const ms of SEARCHES_MS) setTimeout(lookForClients, ms).unref();
}

/**
 * From now on finds each copy as soon as it is loaded. A copy loaded through `module.register()` hooks is found at the next
 * search.
 */
export function watchLoading(): void {
  lookAgainLater();
  if (hooked) return;
  hooked = true;
  const { _extensions } = moduleLoader();
  const load = _extensions['.js']!;
  _extensions['.js'] = function loadAndSearch(module, path) {
    const result = load.call(this, module, path);
    // The exports are complete here; Node sets `loaded` later.
    if (module !== undefined) addExports(module.exports, path);
    return result;
  };
}

/** Paths of the CommonJS modules that Node has loaded. */
export function loadedFiles(): string[] {
  return Object.keys(moduleLoader()._cache);
}

/** Adds a copy that is not in Node's module cache. */
export function addExports(exports: unknown, path?: string): void {
  const client = asClient(exports);
  if (client === undefined || copies.has(client.Registry)) return;
  const copy = { client, path };
  copies.set(client.Registry, copy);
  for (const listener of listeners) listener(copy);
}

/** The copy that a registry belongs to; undefined if the client is inside a bundle. */
export function copyOf(register: AnyRegistry): ClientCopy | undefined {
  const known = knownCopyOf(register);
  if (known !== undefined) return known;
  lookForClients();
  return knownCopyOf(register);
}

function knownCopyOf(register: AnyRegistry): ClientCopy | undefined {
  for (const copy of copies.values()) if (register instanceof copy.client.Registry) return copy;
  return undefined;
}

/** Describes a registry for a message, for example `the global registry of /app/node_modules/prom-client`. */
export function describeRegistry(register: AnyRegistry): string {
  const copy = copyOf(register);
  const which = register === copy?.client.register ? 'the global registry' : 'a registry';
  return copy?.path === undefined ? which : `${which} of ${copy.path.replace(/\/index\.js$/, '')}`;
}

function addModule(module: LoadedModule | undefined, path: string): void {
  if (module === undefined || !module.loaded || seen.has(module)) return;
  seen.add(module);
  addExports(module.exports, path);
}

/** Recognizes a client by its exports, because its file may have any name. Getters are not called. */
function asClient(exports: unknown): ClientModule | undefined {
  if (typeof exports !== 'object' || exports === null) return undefined;
  const registry = ownValue(exports, 'Registry');
  const register = ownValue(exports, 'register');
  const aggregator = ownValue(exports, 'AggregatorRegistry');
  if (typeof registry !== 'function' || typeof aggregator !== 'function') return undefined;
  const { registerMetric } = registry.prototype ?? {};
  return typeof registerMetric === 'function' && register instanceof registry
    ? (exports as ClientModule)
    : undefined;
}

function ownValue(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

/** Loaded at run time, because bundlers replace Node's `require`. */
function moduleLoader(): ModuleLoader {
  return process.getBuiltinModule('node:module') as unknown as ModuleLoader;
}
