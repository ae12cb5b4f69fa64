import type { ClientLabels } from '../client/client-internals.ts';
import type { SharedMetric } from './shared-metric.ts';

type Method = (this: object, ...args: unknown[]) => unknown;

// The methods that find a series by prom-client's hash, for each kind of metric. The key is a method that only this kind has:
// `dec` means a gauge.
const BY_LABELS: Record<string, readonly string[]> = {
  set: ['set'],
  dec: ['inc', 'dec'],
  percentiles: ['observe'],
  zero: ['zero'],
};

/**
 * Keeps label sets apart that have the same hash in prom-client, such as `{a: '1,b:2'}` and `{a: '1', b: '2'}`. Metrics with
 * fewer than two labels are not affected.
 */
export function distinguishLabels(metric: SharedMetric): void {
  const client = metric.client as unknown as Record<string, Method>;
  if (!metric.kind.confusesLabels || metric.client.labelNames.length < 2) return;
  for (const [mark, methods] of Object.entries(BY_LABELS)) {
    if (mark in client) for (const method of methods) wrap(metric, client, method, ([labels]) => labels);
  }
  const { labelNames } = metric.client;
  wrap(metric, client, 'remove', (args) =>
    typeof args[0] === 'object' ? args[0] : Object.fromEntries(labelNames.map((name, i) => [name, args[i]])),
  );
  if ('percentiles' in client) wrapObservers(metric, client);
}

function wrap(
  metric: SharedMetric,
  client: Record<string, Method>,
  name: string,
  labelsOf: (args: unknown[]) => unknown,
): void {
  const method = client[name]!;
  client[name] = function exact(...args) {
    const labels = labelsOf(args);
    if (labels === null || typeof labels !== 'object') return method.apply(this, args);
    return metric.withExactEntry(labels as ClientLabels, () => method.apply(this, args));
  };
}

/** Wraps `observe` of the object that `labels()` of a summary returns: it does not call the metric's own `observe`. */
function wrapObservers(metric: SharedMetric, client: Record<string, Method>): void {
  const method = client.labels!;
  client.labels = function labels(...args) {
    const child = method.apply(this, args) as { observe: Method };
    const own = Object.fromEntries(metric.client.labelNames.map((name, i) => [name, args[i]]));
    wrap(metric, child, 'observe', () => (typeof args[0] === 'object' ? args[0] : own));
    return child;
  };
}
