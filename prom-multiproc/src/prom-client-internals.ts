import type { Registry, RegistryContentType } from 'prom-client';

/** A registry of either content type: prom-client's own default is that of Prometheus text alone. */
export type AnyRegistry = Registry<RegistryContentType>;

/** What this library relies on inside a metric of prom-client 15, beyond its documented surface. */
export interface ClientMetric {
  readonly name: string;
  readonly help: string;
  /** Set only after the registry has been told of the metric: undefined while its constructor still runs. */
  readonly type?: string;
  readonly labelNames: readonly string[];
  readonly aggregator: string;
  readonly upperBounds?: readonly number[];
  readonly enableExemplars?: boolean;
  readonly collect?: () => void | Promise<void>;
  readonly percentiles?: readonly number[];
  get(): Promise<unknown>;
  /** The storage: entries by prom-client's hash of their labels. Assigned anew by constructors and `reset()`. */
  hashMap: Record<string, ClientEntry>;
  inc?: unknown;
  observe?: unknown;
}

export type ClientLabels = Record<string, unknown>;

/** A series as prom-client stores it. */
export type ClientEntry = {
  labels: ClientLabels;
  value?: number;
  sum?: number;
  count?: number;
  bucketValues?: Record<string, number>;
  bucketExemplars?: unknown;
  exemplar?: unknown;
  /** Quantiles of a summary over its own time window. */
  td?: { compress(): void; percentile(quantile: number): number | undefined };
};

/** What this library relies on inside a registry of prom-client 15. */
export interface ClientRegistry
  extends Omit<
    Registry,
    'registerMetric' | 'metrics' | 'getMetricsAsString' | 'clear' | 'removeSingleMetric'
  > {
  _metrics: Record<string, ClientMetric>;
  _defaultLabels: Record<string, string | number>;
  registerMetric(metric: ClientMetric): void;
  metrics(): Promise<string>;
  getMetricsAsString(metric: ClientMetric): Promise<string>;
  clear(...args: unknown[]): void;
  removeSingleMetric(...args: unknown[]): void;
}

export function internalsOf(register: AnyRegistry): ClientRegistry {
  return register as unknown as ClientRegistry;
}

/** Whether this is a metric of prom-client, and not an object that merely has a `get()`. */
export function isStoredMetric(metric: ClientMetric): boolean {
  return typeof metric.hashMap === 'object' && metric.hashMap !== null && Array.isArray(metric.labelNames);
}
