import type { ClientLabels } from '../client/client-internals.ts';
import type { SharedMetric } from './shared-metric.ts';

type Method = (this: object, ...args: unknown[]) => unknown;

/**
 * `reset()`, `remove()` and the removal of a metric from its registries act on the whole slot of the process: on what it
 * counted and on what it inherited from dead processes, for good. What other processes count stays. Here is what
 * prom-client's own methods cannot reach: inherited series that this process has not counted in.
 */
export function forgetInheritedToo(metric: SharedMetric): void {
  const client = metric.client as unknown as Record<string, Method>;
  const { labelNames } = metric.client;
  after(client, 'remove', ([first, ...rest]) => {
    const labels = typeof first === 'object' ? first : valuesByName(labelNames, [first, ...rest]);
    metric.forget(labels as ClientLabels);
  });
  // Alone among the four a summary keeps its storage: its series stay and begin at zero.
  if ('percentiles' in client) after(client, 'reset', () => metric.forget());
}

function valuesByName(names: readonly string[], values: readonly unknown[]): ClientLabels {
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

function after(client: Record<string, Method>, name: string, act: (args: unknown[]) => void): void {
  const method = client[name]!;
  client[name] = function thenAct(...args) {
    const result = method.apply(this, args);
    act(args);
    return result;
  };
}
