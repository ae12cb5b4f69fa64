import type { ClientLabels } from '../client/client-internals.ts';
import type { SharedMetric } from './shared-metric.ts';

type Method = (this: object, ...args: unknown[]) => unknown;

// Methods that find a series by prom-client's hash; those of the fast path do not.
const BY_LABELS: Record<string, readonly string[]> = {
  set: ['set'],
  dec: ['inc', 'dec'],
  percentiles: ['observe'],
  zero: ['zero'],
};

/**
 * Keeps apart labels that prom-client's hash takes for one another, such as `{a: '1,b:2'}` and `{a: '1', b: '2'}`. Only a
 * value with a comma in it, beside a further label, can be mistaken.
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

/** What `labels()` of a summary gives observes by a function that cannot be replaced. */
function wrapObservers(metric: SharedMetric, client: Record<string, Method>): void {
  const method = client.labels!;
  client.labels = function labels(...args) {
    const child = method.apply(this, args) as { observe: Method };
    const own = Object.fromEntries(metric.client.labelNames.map((name, i) => [name, args[i]]));
    wrap(metric, child, 'observe', () => (typeof args[0] === 'object' ? args[0] : own));
    return child;
  };
}
