/** The clients that an application may have: either or both. */
import { loadPromClient, loadPrometheusClient } from './load-clients.cjs';
import { type AnyRegistry, internalsOf, keepsMap } from './prom-client-internals.ts';

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

export function installedClients(): ClientModule[] {
  return namesOfClients()
    .map(loaded)
    .filter((client) => client !== undefined);
}

/** The client of a registry; undefined for one of a copy that is not the application's own. */
export function clientOf(register: AnyRegistry): ClientModule | undefined {
  const names = namesOfClients();
  // Looked for first where it most likely is, for the other need not be loaded then.
  if (keepsMap(internalsOf(register))) names.reverse();
  for (const name of names) {
    const client = loaded(name);
    if (client !== undefined && register instanceof client.Registry) return client;
  }
  return undefined;
}

function namesOfClients() {
  return Object.keys(LOADERS) as (keyof typeof LOADERS)[];
}

/**
 * That of each client that is installed: which of two the application counts in is not known before it does.
 * @throws Error where none is installed
 */
export function globalRegisters(): AnyRegistry[] {
  const registers = installedClients().map(({ register }) => register);
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

const found = new Map<string, ClientModule | undefined>();

/** Undefined where it is not installed; looked for once, for that takes time. */
function loaded(name: keyof typeof LOADERS): ClientModule | undefined {
  if (!found.has(name)) found.set(name, LOADERS[name]() as ClientModule | undefined);
  return found.get(name);
}
