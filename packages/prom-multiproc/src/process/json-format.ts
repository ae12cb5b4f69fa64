import type { ClientLabels, ClientMetric } from '../client/client-internals.ts';
import { exemplarsOf } from '../exposition/exemplar-rows.ts';
import { rowsOf } from '../exposition/series-rows.ts';
import type { Exemplar } from '../format/exemplar-record.ts';
import { exportedLabel, isBySlot, mergedAs } from '../format/gauge-aggregators.ts';
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
  exemplar?: JsonExemplar | null;
}

interface JsonExemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
}

export interface JsonMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly JsonValue[];
  /** Absent if the metric is not shared. */
  readonly shared?: Origin;
}

/**
 * Prepares the metric of one slot for a primary that aggregates with plain prom-client: an unknown aggregator would crash that
 * process.
 */
export function asClientAggregates(metric: JsonMetric, slot: number): JsonMetric {
  const aggregator = mergedAs(metric.aggregator);
  if (CLIENT_AGGREGATORS.has(aggregator)) return { ...metric, aggregator };
  if (aggregator === 'mostrecent') return { ...metric, aggregator: 'first' };
  if (aggregator !== 'all') return { ...metric, aggregator: 'sum' };
  // The label makes each worker's series unique, so summing does not change it.
  const values = metric.values.map((one) => ({ ...one, labels: { ...one.labels, worker: String(slot) } }));
  return { ...metric, aggregator: 'sum', values };
}

const CLIENT_AGGREGATORS = new Set(['sum', 'first', 'min', 'max', 'average', 'omit']);

/** Converts a family to the format of `getMetricsAsJSON()`. Labels that `local` has keep their JavaScript types. */
export function familyToJson(family: Family, local?: SharedMetric): JsonMetric {
  const { help, name, type, declaredAggregator: aggregator, table } = family;
  const values = family.groups().flatMap((group) => {
    const labels = table.labels(group[0]!);
    let own = local?.labelsOf(keyOf(labels)) ?? Object.fromEntries(labels);
    if (isBySlot(aggregator)) {
      own = Object.fromEntries(
        Object.entries(own).map(([name, value]) => [exportedLabel(name, family), value]),
      );
    }
    return seriesToJson(family, group, local?.client).map((value) => ({
      ...value,
      labels: { ...value.labels, ...own },
    }));
  });
  return { help, name, type, values, aggregator };
}

/** Returns a copy with the default labels of a registry. */
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
  const exemplars = exemplarsOf(family, group, bounds)?.map(toJsonExemplar);
  if (type === 'counter' || type === 'gauge') {
    const exemplar = exemplars?.[0];
    return [{ value: values[0]!, labels: {}, ...(exemplar && { exemplar }) }];
  }
  const [sum, count] = values.slice(-2) as [number, number];
  const sumAndCount = [
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
  if (type === 'summary') return sumAndCount;
  const buckets = [...bounds, Infinity].map((bound, i) => {
    const bucket = { metricName: `${name}_bucket`, value: values[i]! };
    if (bound !== Infinity) return { ...bucket, labels: { le: bound }, exemplar: exemplars?.[i] ?? null };
    // If the client stores exemplars, its JSON has no property `exemplar` for +Inf. prom-client 15.1.0 always stores them.
    const exemplar = client?.bucketExemplars === undefined ? { exemplar: null } : {};
    const own = exemplars?.[i];
    return { ...bucket, labels: { le: '+Inf' }, ...(own ? { exemplar: own } : exemplar) };
  });
  return [...buckets, ...sumAndCount];
}

function toJsonExemplar(exemplar: Exemplar | undefined): JsonExemplar | undefined {
  if (exemplar === undefined) return undefined;
  const { labels, value, timestamp } = exemplar;
  return { labelSet: Object.fromEntries(labels), value, timestamp };
}
