import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import type { AggregatingClass, ClientModule, RegistryClass } from './clients.ts';
import { type AnyRegistry, internalsOf } from './prom-client-internals.ts';

/** What prom-client's own aggregation has to know of registries that are shared. */
export interface SharedOutput {
  isShared(register: AnyRegistry): boolean;
  /** Shares a registry too. */
  share(register: AnyRegistry): void;
  /** What this process alone has counted, for a primary that does not share. */
  ownMetricsAsJSON(register: AnyRegistry): Promise<unknown[]>;
}

const tamed = new WeakSet<ClientModule>();

/**
 * Keeps a client's own aggregation, over IPC or between threads, from multiplying totals by the number of workers. In a
 * process that shares, `clusterMetrics()` and `workerMetrics()` give the shared totals, once; asked by a primary that does
 * not, a worker answers with what its own slot has counted.
 */
export function tameAggregation(client: ClientModule, output: SharedOutput): void {
  if (tamed.has(client)) return;
  tamed.add(client);
  const { AggregatorRegistry, WorkerRegistry, Registry } = client;
  AggregatorRegistry.prototype.clusterMetrics = sharedTotals;
  answerByOwnViews(AggregatorRegistry, Registry, output);
  if (WorkerRegistry === undefined) return;
  WorkerRegistry.prototype.workerMetrics = sharedTotals;
  answerByOwnViews(WorkerRegistry, Registry, output);

  function sharedTotals(this: AnyRegistry): Promise<string> {
    output.share(this);
    return this.metrics();
  }
}

/** Has the client ask for its global registry where the application has not named others. */
export function answerForOwnSlot({ register, AggregatorRegistry, WorkerRegistry }: ClientModule): void {
  if (cluster.isWorker) AggregatorRegistry.setRegistries(register);
  if (!isMainThread) WorkerRegistry?.setRegistries(register);
}

function answerByOwnViews(
  aggregating: AggregatingClass,
  Registry: RegistryClass,
  output: SharedOutput,
): void {
  const setRegistries = aggregating.setRegistries.bind(aggregating);
  aggregating.setRegistries = (registers) => {
    const all = Array.isArray(registers) ? registers : [registers];
    setRegistries(
      all.map((register) => (register instanceof Registry ? ownView(register, Registry, output) : register)),
    );
  };
}

function ownView(register: AnyRegistry, Registry: RegistryClass, output: SharedOutput): AnyRegistry {
  const view = new Registry();
  internalsOf(view).getMetricsAsJSON = async (aggregator) => {
    if (!output.isShared(register)) return internalsOf(register).getMetricsAsJSON(aggregator);
    // By an aggregator only `shutdown()` asks, for what would be lost with this process. In the slot nothing is: its next
    // holder shows it, and a primary that had it too would count it twice.
    return aggregator === undefined ? output.ownMetricsAsJSON(register) : [];
  };
  return view;
}
