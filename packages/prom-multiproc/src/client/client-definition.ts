import { type LabelPair, METRIC_TYPES, type MetricDefinition, type MetricType } from '../format/layout.ts';
import type { ClientLabels, ClientMetric } from './client-internals.ts';

/**
 * Returns the definition of a prom-client metric for the slot file.
 * @param registry name of the shared registry
 * @param defaults names of the registry's default labels
 * @throws Error while prom-client's constructor of the metric is running
 */
export function defineMetric(
  client: ClientMetric,
  bounds: readonly number[],
  registry: string | undefined,
  defaults: readonly string[],
): MetricDefinition {
  const { name, help, type, labelNames, aggregator } = client;
  if (!METRIC_TYPES.includes(type as MetricType))
    throw new Error(`metric ${name} has the unknown type ${type}`);
  return {
    name,
    help,
    type: type as MetricType,
    aggregator: aggregator ?? 'sum',
    labelNames: [...new Set([...labelNames, ...defaults])],
    bounds,
    ...(registry === undefined ? {} : { registry }),
    ...(hasExemplars(client) ? { exemplars: true } : {}),
  };
}

/** Whether the metric has `enableExemplars`, which prom-client knows for counters and histograms. */
export function hasExemplars(client: ClientMetric): boolean {
  return Boolean(client.enableExemplars) && ('incWithExemplar' in client || 'observeWithExemplar' in client);
}

/** Whether all of `labels` are label names of the metric. */
export function hasLabels(labelNames: readonly string[], labels: ClientLabels): boolean {
  for (const label in labels) if (!labelNames.includes(label)) return false;
  return true;
}

export function labelPairs(labelNames: readonly string[], labels: ClientLabels): LabelPair[] {
  const pairs: LabelPair[] = [];
  for (const [name, value] of Object.entries(labels)) {
    const index = labelNames.indexOf(name);
    // The text as in the file, so that a lookup finds the same series.
    if (index >= 0 && value !== undefined) pairs.push([index, String(value).toWellFormed()]);
  }
  return pairs;
}

/**
 * Returns a copy of `labels`, with ill-formed strings converted as in the file. The application may change its own object.
 * @throws TypeError, as prom-client does, for a value that cannot be converted to a string
 */
export function lastingLabels(labels: ClientLabels): ClientLabels {
  const lasting = { ...labels };
  for (const name in lasting) {
    const value = lasting[name];
    const text = `${value}`;
    if (typeof value === 'string' && !text.isWellFormed()) lasting[name] = text.toWellFormed();
  }
  return lasting;
}
