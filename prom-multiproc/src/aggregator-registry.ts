import cluster from 'node:cluster';
import { AggregatorRegistry, Registry } from 'prom-client';

/** What prom-client's own aggregation has to know of registries that are shared. */
export interface SharedOutput {
  isShared(register: Registry): boolean;
  /** Shares a registry too. */
  share(register: Registry): void;
  /** What this process alone has counted, for a primary that does not share. */
  ownMetricsAsJSON(register: Registry): Promise<unknown[]>;
}

let installed = false;

/**
 * Keeps prom-client's aggregation over IPC from multiplying totals by the number of workers. In a process that shares,
 * `clusterMetrics()` gives the shared totals, once; asked by a primary that does not, a worker answers with what its
 * own slot has counted.
 */
export function tameAggregation(output: SharedOutput): void {
  if (installed) return;
  installed = true;
  AggregatorRegistry.prototype.clusterMetrics = function clusterMetrics() {
    output.share(this);
    return this.metrics();
  };
  const setRegistries = AggregatorRegistry.setRegistries.bind(AggregatorRegistry);
  AggregatorRegistry.setRegistries = (registers) => {
    const all = Array.isArray(registers) ? registers : [registers];
    setRegistries(all.map((register) => (isRegistry(register) ? ownView(register, output) : register)));
  };
}

/** Has prom-client ask for this registry where the application has not named others. */
export function answerForOwnSlot(register: Registry): void {
  if (cluster.isWorker) AggregatorRegistry.setRegistries(register);
}

function isRegistry(register: unknown): register is Registry {
  return register instanceof Registry;
}

function ownView(register: Registry, output: SharedOutput): Registry {
  const view = new Registry();
  view.getMetricsAsJSON = (async () =>
    output.isShared(register) ? output.ownMetricsAsJSON(register) : register.getMetricsAsJSON()) as never;
  return view;
}
