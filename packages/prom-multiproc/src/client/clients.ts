/** The clients that an application may have: either or both. */
import { addExports, clientCopies, copyOf, lookForClients } from './client-copies.ts';
import { type AnyRegistry, internalsOf, keepsMap } from './client-internals.ts';
import { loadPromClient, loadPrometheusClient } from './load-clients.cjs';

/** What this library uses of a client as a whole. */
export interface ClientModule {
  readonly register: AnyRegistry;
  readonly Registry: RegistryClass;
  readonly AggregatorRegistry: AggregatingClass;
  /** Of @prometheus-io/client: the same for worker threads. */
  readonly WorkerRegistry?: AggregatingClass;
  readonly Pushgateway?: { readonly prototype: object };
}

export interface RegistryClass {
  new (): AnyRegistry;
  readonly prototype: AnyRegistry;
}

/** A registry that asks those of other processes, or threads, for what they have. */
export interface AggregatingClass {
  readonly prototype: AnyRegistry & { clusterMetrics?(): Promise<string>; workerMetrics?(): Promise<string> };
  setRegistries(registers: AnyRegistry | AnyRegistry[]): void;
  aggregate(lists: unknown[], contentType: string): AnyRegistry;
}

const LOADERS = { 'prom-client': loadPromClient, '@prometheus-io/client': loadPrometheusClient };

/** Loads those that are installed beside this library; all copies that this process has. */
export function allClients(): ClientModule[] {
  for (const name of namesOfClients()) load(name);
  return clientCopies().map(({ client }) => client);
}

/** The client, or the copy of it, that a registry is of; undefined for one that is built into another file. */
export function clientOf(register: AnyRegistry): ClientModule | undefined {
  const names = namesOfClients();
  // Looked for first where it most likely is, for the other need not be loaded then.
  if (keepsMap(internalsOf(register))) names.reverse();
  for (const name of names) {
    const copy = copyOf(register);
    if (copy !== undefined) return copy.client;
    // Where it is not Node's own loader that loads modules.
    load(name);
  }
  return copyOf(register)?.client;
}

function namesOfClients() {
  return Object.keys(LOADERS) as (keyof typeof LOADERS)[];
}

/**
 * That of each client: which of them the application counts in is not known before it does.
 * @throws Error where there is none
 */
export function globalRegisters(): AnyRegistry[] {
  const registers = allClients().map(({ register }) => register);
  if (registers.length === 0) {
    throw new Error('neither prom-client nor @prometheus-io/client is installed: install one of the two');
  }
  return registers;
}

/** The one that has metrics. @throws Error where no client is installed */
export function globalRegister(): AnyRegistry {
  const registers = globalRegisters();
  return registers.find((register) => internalsOf(register).getMetricsAsArray().length > 0) ?? registers[0]!;
}

const asked = new Set<string>();

/** Where it is installed; once, for that takes time. */
function load(name: keyof typeof LOADERS): void {
  if (asked.has(name)) return;
  asked.add(name);
  const client = LOADERS[name]();
  lookForClients();
  addExports(client);
}
