import type { ClientLabels, ClientMetric } from '../client/client-internals.ts';
import { rowsOf } from '../exposition/series-rows.ts';
import { besideWorker, isBySlot, withoutKeeping } from '../format/gauge-aggregators.ts';
import { seriesKey } from '../format/series-key.ts';
import type { Family } from '../merge/family.ts';
import type { Label } from '../merge/label-text.ts';
import { withDefaults } from '../metric/defined-metric.ts';
import type { SharedMetric } from '../metric/shared-metric.ts';
import type { Origin } from './aggregated-once.ts';

interface JsonValue {
  labels: ClientLabels;
  value: number;
  metricName?: string;
  exemplar?: null;
}

export interface JsonMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly JsonValue[];
  /** Absent where this process alone has the metric. */
  readonly shared?: Origin;
}

/**
 * What one slot has, for a primary that aggregates by prom-client alone: an aggregator that prom-client does not know
 * would end that process.
 */
export function asClientAggregates(metric: JsonMetric, slot: number): JsonMetric {
  const aggregator = withoutKeeping(metric.aggregator);
  if (CLIENT_AGGREGATORS.has(aggregator)) return { ...metric, aggregator };
  if (aggregator === 'mostrecent') return { ...metric, aggregator: 'first' };
  if (aggregator !== 'all') return { ...metric, aggregator: 'sum' };
  // Each worker's series is one of its own: summing up leaves it alone.
  const values = metric.values.map((one) => ({ ...one, labels: { ...one.labels, worker: String(slot) } }));
  return { ...metric, aggregator: 'sum', values };
}

const CLIENT_AGGREGATORS = new Set(['sum', 'first', 'min', 'max', 'average', 'omit']);

/** What `getMetricsAsJSON()` of prom-client says of a metric. Labels that `local` has keep their JavaScript types. */
export function familyToJson(family: Family, local?: SharedMetric): JsonMetric {
  const { help, name, type, declaredAggregator: aggregator, table } = family;
  const values = family.groups().flatMap((group) => {
    const labels = table.labels(group[0]!);
    let own = local?.labelsOf(keyOf(labels)) ?? Object.fromEntries(labels);
    if (isBySlot(aggregator)) {
      own = Object.fromEntries(Object.entries(own).map(([name, value]) => [besideWorker(name), value]));
    }
    return seriesToJson(family, group, local?.client).map((value) => ({
      ...value,
      labels: { ...value.labels, ...own },
    }));
  });
  return { help, name, type, values, aggregator };
}

/** The same with the default labels of a registry; what the application may keep stays as it is. */
export function withDefaultLabels(metric: JsonMetric, defaults: ClientLabels): JsonMetric {
  if (metric.values === undefined || Object.keys(defaults).length === 0) return metric;
  const values = metric.values.map((one) => ({ ...one, labels: withDefaults(one.labels, defaults) }));
  return { ...metric, values };
}

function keyOf(labels: readonly Label[]): string {
  return seriesKey(
    labels.map(([name]) => name),
    labels.map(([, value], index) => [index, value]),
  );
}

/** The values of a series, without its own labels. */
function seriesToJson(family: Family, group: readonly number[], client?: ClientMetric): JsonValue[] {
  const { name, type, table } = family;
  if (family.showsEachSlot) {
    return table
      .valuesBySlot(group[0]!)
      .map(({ slot, value }) => ({ value, labels: { worker: String(slot) } }));
  }
  const rows = rowsOf(family, group);
  if (rows === undefined) return [];
  const { bounds, values } = rows;
  if (type === 'counter' || type === 'gauge') return [{ value: values[0]!, labels: {} }];
  const [sum, count] = values.slice(-2) as [number, number];
  const sumAndCount = [
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
  if (type === 'summary') return sumAndCount;
  const buckets = [...bounds, Infinity].map((bound, i) => {
    const bucket = { metricName: `${name}_bucket`, value: values[i]! };
    if (bound !== Infinity) return { ...bucket, labels: { le: bound }, exemplar: null };
    // A client that keeps an exemplar of each bound has none of this one; prom-client 15.1.0 always keeps them.
    const exemplar = client?.bucketExemplars === undefined ? { exemplar: null } : {};
    return { ...bucket, labels: { le: '+Inf' }, ...exemplar };
  });
  return [...buckets, ...sumAndCount];
}
