import { type LabelPair, METRIC_TYPES, type MetricDefinition, type MetricType } from '../format/layout.ts';
import type { ClientLabels, ClientMetric } from './client-internals.ts';

/**
 * What the record of a metric of prom-client says. `defaults` are the names of the default labels of its registry, whose own
 * name is `registry`.
 * @throws Error while prom-client's constructor of the metric still runs.
 */
export function defineMetric(
  client: ClientMetric,
  bounds: readonly number[],
  registry: string | undefined,
  defaults: readonly string[],
): MetricDefinition {
  const { name, help, type, labelNames, aggregator } = client;
  if (!METRIC_TYPES.includes(type as MetricType))
    throw new Error(`metric ${name} is of unknown type ${type}`);
  return {
    name,
    help,
    type: type as MetricType,
    aggregator: aggregator ?? 'sum',
    labelNames: [...new Set([...labelNames, ...defaults])],
    bounds,
    ...(registry === undefined ? {} : { registry }),
  };
}

/** Whether all of `labels` are among the label names of a metric. */
export function hasLabels(labelNames: readonly string[], labels: ClientLabels): boolean {
  for (const label in labels) if (!labelNames.includes(label)) return false;
  return true;
}

export function labelPairs(labelNames: readonly string[], labels: ClientLabels): LabelPair[] {
  const pairs: LabelPair[] = [];
  for (const [name, value] of Object.entries(labels)) {
    const index = labelNames.indexOf(name);
    // As it is written to the file: what reads it back must find the same series.
    if (index >= 0 && value !== undefined) pairs.push([index, String(value).toWellFormed()]);
  }
  return pairs;
}

/**
 * Labels that stay as they are when the application changes its own, and that read as they will in the file.
 * @throws TypeError, as prom-client does, for a value that cannot be made a text.
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
