import type { ClientLabels } from '../client/client-internals.ts';
import type { SharedMetric } from './shared-metric.ts';

type Method = (this: object, ...args: unknown[]) => unknown;

/**
 * Makes `reset()` and `remove()` also remove inherited series in which this process has not counted. prom-client's own
 * methods do not know these series. Other slots keep their counts.
 */
export function forgetInherited(metric: SharedMetric): void {
  const client = metric.client as unknown as Record<string, Method>;
  const { labelNames } = metric.client;
  after(client, 'remove', ([first, ...rest]) => {
    const labels = typeof first === 'object' ? first : valuesByName(labelNames, [first, ...rest]);
    metric.forget(labels as ClientLabels);
  });
  // Only a summary keeps its storage on reset(): its series stay and restart at zero.
  if (!('percentiles' in client)) return;
  after(client, 'reset', () => {
    metric.restart();
    metric.forget();
  });
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
