/** Loads and finds the supported clients. An application may use one or both. */
import { addExports, clientCopies, copyOf, lookForClients } from './client-copies.ts';
import { type AnyRegistry, internalsOf, keepsMap } from './client-internals.ts';
import { loadPromClient, loadPrometheusClient } from './load-clients.cjs';

/** The exports of a client that this library uses. */
export interface ClientModule {
  readonly register: AnyRegistry;
  readonly Registry: RegistryClass;
  readonly AggregatorRegistry: AggregatingClass;
  /** Aggregation over worker threads. Only in @prometheus-io/client. */
  readonly WorkerRegistry?: AggregatingClass;
  readonly Pushgateway?: { readonly prototype: object };
}

export interface RegistryClass {
  new (): AnyRegistry;
  readonly prototype: AnyRegistry;
}

/** A registry class that collects metrics from other processes or threads. */
export interface AggregatingClass {
  readonly prototype: AnyRegistry & { clusterMetrics?(): Promise<string>; workerMetrics?(): Promise<string> };
  setRegistries(registers: AnyRegistry | AnyRegistry[]): void;
  aggregate(lists: unknown[], contentType: string): AnyRegistry;
}

const LOADERS = { 'prom-client': loadPromClient, '@prometheus-io/client': loadPrometheusClient };

/** Loads the clients that are installed beside this library, and returns all copies in this process. */
export function allClients(): ClientModule[] {
  for (const name of namesOfClients()) load(name);
  return clientCopies().map(({ client }) => client);
}

/** Returns the client copy that a registry belongs to; undefined if the client is inside a bundle. */
export function clientOf(register: AnyRegistry): ClientModule | undefined {
  const names = namesOfClients();
  // The more likely client first, so that the other one is not loaded needlessly.
  if (keepsMap(internalsOf(register))) names.reverse();
  for (const name of names) {
    const copy = copyOf(register);
    if (copy !== undefined) return copy.client;
    // Needed if modules are not loaded by Node's own loader.
    load(name);
  }
  return copyOf(register)?.client;
}

function namesOfClients() {
  return Object.keys(LOADERS) as (keyof typeof LOADERS)[];
}

/**
 * Returns the global registry of each client copy.
 * @throws Error if no client is installed
 */
export function globalRegisters(): AnyRegistry[] {
  const registers = allClients().map(({ register }) => register);
  if (registers.length === 0) {
    throw new Error('neither prom-client nor @prometheus-io/client is installed: install one of the two');
  }
  return registers;
}

/** Returns the global registry that has metrics, or else the first. @throws Error if no client is installed */
export function globalRegister(): AnyRegistry {
  const registers = globalRegisters();
  return registers.find((register) => internalsOf(register).getMetricsAsArray().length > 0) ?? registers[0]!;
}

const attempted = new Set<string>();

/** Loads a client if it is installed. Tries once, because resolving takes time. */
function load(name: keyof typeof LOADERS): void {
  if (attempted.has(name)) return;
  attempted.add(name);
  const client = LOADERS[name]();
  lookForClients();
  addExports(client);
}
