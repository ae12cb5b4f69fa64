/**
 * The copies of the clients that this process has loaded: besides the application's own one a dependency may bring
 * another, of the same version or not, and a library that is built into one file may hold one.
 */

import type { AnyRegistry } from './client-internals.ts';
import type { ClientModule, RegistryClass } from './clients.ts';

export interface ClientCopy {
  readonly client: ClientModule;
  /** File of its entry module; undefined where Node's own loader did not load it. */
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
/** Milliseconds from the first watch to each look that nothing else causes; nothing looks for ever. */
const LOOKS_MS = [0, 100, 1_000, 5_000, 15_000, 60_000];

let hooked = false;
let looksByTimer = false;

/** All that are known, those loaded since the last look too. */
export function clientCopies(): ClientCopy[] {
  lookForClients();
  return [...copies.values()];
}

/** Calls `listener` with each copy: those loaded so far at once, later ones when they are found. */
export function onClientCopy(listener: (copy: ClientCopy) => void): void {
  lookForClients();
  listeners.push(listener);
  for (const copy of copies.values()) listener(copy);
}

/** Looks through the modules that Node has loaded since the last look. */
export function lookForClients(): void {
  const { _cache } = moduleLoader();
  // A module stands before those that it loads, which it may hand on: the last one is the client itself.
  for (const path of Object.keys(_cache).reverse()) addModule(_cache[path], path);
}

/** Looks again some times while the application starts. */
export function lookAgainLater(): void {
  if (looksByTimer) return;
  looksByTimer = true;
  for (const ms of LOOKS_MS) setTimeout(lookForClients, ms).unref();
}

/**
 * From now on finds a copy as soon as it is loaded. What a loader set by `module.register()` gives to Node is found at the
 * next look.
 */
export function watchLoading(): void {
  lookAgainLater();
  if (hooked) return;
  hooked = true;
  const { _extensions } = moduleLoader();
  const load = _extensions['.js']!;
  _extensions['.js'] = function loadAndLook(module, path) {
    const result = load.call(this, module, path);
    // Its exports are complete; `loaded` is set a moment later.
    if (module !== undefined) addExports(module.exports, path);
    return result;
  };
}

/** What Node's own loader has loaded for `require`. */
export function loadedFiles(): string[] {
  return Object.keys(moduleLoader()._cache);
}

/** Where the client is found otherwise than by Node's own list of modules. */
export function addExports(exports: unknown, path?: string): void {
  const client = asClient(exports);
  if (client === undefined || copies.has(client.Registry)) return;
  const copy = { client, path };
  copies.set(client.Registry, copy);
  for (const listener of listeners) listener(copy);
}

/** That of a registry; undefined for one that is built into another file. */
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

/** What a message calls a registry, such as `the global registry of /app/node_modules/prom-client`. */
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

/** By its parts, since its file may have any name; properties that are computed are left alone. */
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

/** Asked for at run time: bundlers put a `require` of their own in place of Node's. */
function moduleLoader(): ModuleLoader {
  return process.getBuiltinModule('node:module') as unknown as ModuleLoader;
}
