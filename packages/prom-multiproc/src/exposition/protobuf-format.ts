import type { Exemplar } from '../format/exemplar-record.ts';
import { exportedLabel } from '../format/gauge-aggregators.ts';
import { CELL_OF_BUCKETS, CELL_OF_START } from '../format/layout.ts';
import type { Family } from '../merge/family.ts';
import type { Label } from '../merge/label-text.ts';
import type { ProtobufWriter } from '../util/protobuf-writer.ts';
import { exemplarsOf } from './exemplar-rows.ts';
import { counterName, type PageFormat } from './page-format.ts';
import {
  BUCKET,
  COUNTER,
  FAMILY,
  HISTOGRAM,
  METRIC,
  QUANTILE,
  SUMMARY,
  TYPE,
  VALUE,
} from './protobuf-fields.ts';
import { type ProtobufLabels, protobufLabels } from './protobuf-labels.ts';
import { writeCreated, writeExemplar, writeLabels } from './protobuf-parts.ts';
import { rowsOf, type SeriesRows } from './series-rows.ts';

/** The field `value` of Counter, Gauge or Untyped: tag and double. */
const VALUE_BYTES = 9;

/** Writes one family as a MetricFamily, its length first. */
export function writeFamily(out: ProtobufWriter, family: Family, format: PageFormat): void {
  const { type, name } = family;
  const start = out.begin();
  writeHead(out, type === 'counter' ? counterName(name, format) : name, family.help, TYPE[type]);
  if (family.showsEachSlot) writeBySlot(out, family);
  else if (family.hasExemplars) writeGroups(out, family);
  else if (type === 'counter') writeCounters(out, family);
  else if (type === 'histogram' && family.boundSets.length === 1) writeHistograms(out, family);
  else writeGroups(out, family);
  out.end(start);
}

export function writeHead(out: ProtobufWriter, name: string, help: string | undefined, type: number): void {
  out.text(FAMILY.name, name);
  if (help !== undefined) out.text(FAMILY.help, help);
  out.integer(FAMILY.type, type);
}

function writeCounters(out: ProtobufWriter, { table, series }: Family): void {
  const { totals } = table;
  const { view, ends: allEnds } = protobufLabels(table);
  const ends = allEnds.array;
  const bases = table.bases.array;
  const all = series.array;
  const count = series.length;
  for (let i = 0; i < count; i++) {
    const one = all[i]!;
    const value = totals[bases[one]!]!;
    if (Number.isNaN(value)) continue;
    const start = totals[bases[one]! + CELL_OF_START]!;
    const from = one === 0 ? 0 : ends[one - 1]!;
    out.valued(FAMILY.metric, view, from, ends[one]!, METRIC.counter, value, COUNTER.created, start);
  }
}

/** Writes histograms with the same bounds. */
function writeHistograms(out: ProtobufWriter, { table, series, boundSets }: Family): void {
  const { totals } = table;
  const labels = protobufLabels(table);
  const bounds = boundSets[0]!;
  const counts = new Float64Array(bounds.length + 1);
  for (const one of series.array.subarray(0, series.length)) {
    const base = table.bases.array[one]!;
    const sum = totals[base]!;
    if (Number.isNaN(sum)) continue;
    let count = 0;
    for (let i = 0; i < counts.length; i++) {
      count += totals[base + CELL_OF_BUCKETS + i]!;
      counts[i] = count;
    }
    const start = out.begin(FAMILY.metric);
    out.encoded(labels.view, labels.start(one), labels.end(one));
    writeHistogram(out, bounds, counts, sum, totals[base + CELL_OF_START]!);
    out.end(start);
  }
}

/** Writes gauges, summaries, histograms with different bounds, and metrics with exemplars. */
function writeGroups(out: ProtobufWriter, family: Family): void {
  const labels = protobufLabels(family.table);
  for (const group of family.groups()) {
    const rows = rowsOf(family, group);
    if (rows === undefined) continue;
    const exemplars = exemplarsOf(family, group, rows.bounds);
    writeRows(out, family, labels, group[0]!, rows, exemplars);
  }
}

function writeRows(
  out: ProtobufWriter,
  { type }: Family,
  labels: ProtobufLabels,
  series: number,
  { bounds, values, start: began }: SeriesRows,
  exemplars: readonly (Exemplar | undefined)[] | undefined,
): void {
  const start = out.begin(FAMILY.metric);
  out.encoded(labels.view, labels.start(series), labels.end(series));
  if (type === 'histogram') writeHistogram(out, bounds, values, values.at(-2)!, began, exemplars);
  else if (type === 'summary') writeSummary(out, bounds, values, values.at(-2)!, values.at(-1)!, began);
  else if (type === 'counter') writeCounter(out, values[0]!, began, exemplars?.[0]);
  else writeValue(out, METRIC.gauge, values[0]!);
  out.end(start);
}

function writeCounter(
  out: ProtobufWriter,
  value: number,
  began: number,
  exemplar: Exemplar | undefined,
): void {
  const start = out.begin(METRIC.counter);
  out.double(VALUE, value);
  writeExemplar(out, COUNTER.exemplar, exemplar);
  writeCreated(out, COUNTER.created, began);
  out.end(start);
}

/** `counts` are cumulative, by ascending bound, +Inf last. */
function writeHistogram(
  out: ProtobufWriter,
  bounds: readonly number[],
  counts: ArrayLike<number>,
  sum: number,
  began: number,
  exemplars?: readonly (Exemplar | undefined)[],
): void {
  const start = out.begin(METRIC.histogram);
  out.integer(HISTOGRAM.count, counts[bounds.length]!);
  out.double(HISTOGRAM.sum, sum);
  for (let i = 0; i <= bounds.length; i++) {
    const bucket = out.begin(HISTOGRAM.bucket);
    out.integer(BUCKET.count, counts[i]!);
    out.double(BUCKET.bound, i < bounds.length ? bounds[i]! : Infinity);
    writeExemplar(out, BUCKET.exemplar, exemplars?.[i]);
    out.end(bucket);
  }
  writeCreated(out, HISTOGRAM.created, began);
  out.end(start);
}

export function writeSummary(
  out: ProtobufWriter,
  quantiles: readonly number[],
  values: readonly number[],
  sum: number,
  count: number,
  began: number,
): void {
  const start = out.begin(METRIC.summary);
  out.integer(SUMMARY.count, count);
  out.double(SUMMARY.sum, sum);
  for (const [i, quantile] of quantiles.entries()) {
    const one = out.begin(SUMMARY.quantile);
    out.double(QUANTILE.quantile, quantile);
    out.double(QUANTILE.value, values[i]!);
    out.end(one);
  }
  writeCreated(out, SUMMARY.created, began);
  out.end(start);
}

/** Writes one gauge for each slot that has the series. */
function writeBySlot(out: ProtobufWriter, family: Family): void {
  const { table, series } = family;
  for (const one of series.array.subarray(0, series.length)) {
    const own = table.labels(one).map(([name, value]): Label => [exportedLabel(name, family), value]);
    for (const { slot, value } of table.valuesBySlot(one)) {
      const start = out.begin(FAMILY.metric);
      writeLabels(out, [...own, ['worker', String(slot)]]);
      writeValue(out, METRIC.gauge, value);
      out.end(start);
    }
  }
}

/** Writes a Counter, Gauge or Untyped. */
export function writeValue(out: ProtobufWriter, field: number, value: number): void {
  out.beginKnown(field, VALUE_BYTES);
  out.double(VALUE, value);
}
