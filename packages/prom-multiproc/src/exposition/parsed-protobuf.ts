import { type Label, sortedLabels } from '../merge/label-text.ts';
import type { ProtobufWriter } from '../util/protobuf-writer.ts';
import type { PageFormat } from './page-format.ts';
import { isCreated, type ParsedFamily, type ParsedSample } from './parsed-family.ts';
import { seriesOfCounter } from './parsed-text.ts';
import { BUCKET, COUNTER, FAMILY, HISTOGRAM, METRIC, TYPE, VALUE } from './protobuf-fields.ts';
import { writeHead, writeSummary } from './protobuf-format.ts';
import { writeExemplar, writeLabels } from './protobuf-parts.ts';

type ValueType = 'counter' | 'gauge' | 'untyped';

/** The samples of a histogram or summary with the same labels. */
interface Group {
  readonly labels: readonly Label[];
  /** Buckets or quantiles, by ascending bound. */
  readonly parts: readonly (ParsedSample & { readonly bound: number })[];
  readonly sum: ParsedSample;
  readonly count: ParsedSample;
}

/**
 * Writes a family that was read from text. Samples that protobuf cannot hold in the family's type, such as those of a histogram
 * without a count, are written as families of their own without a type: no series gets lost.
 */
export function writeParsedFamily(out: ProtobufWriter, family: ParsedFamily, format: PageFormat): void {
  const { type, samples, name } = family;
  if (type === 'histogram' || type === 'summary') {
    const groups = groupsOf(family, type === 'histogram' ? 'le' : 'quantile');
    if (groups === undefined) writeValues(out, family, 'untyped');
    else writeGroups(out, family, type, groups);
  } else if (samples.length === 0) {
    const start = out.begin();
    const shown = type === 'counter' ? seriesOfCounter(family, format) : name;
    writeHead(out, shown, family.help, TYPE[valueType(type)]);
    out.end(start);
  } else writeValues(out, family, valueType(type));
}

function valueType(type: string): ValueType {
  return type === 'counter' || type === 'gauge' ? type : 'untyped';
}

/** Writes one family for each name of a sample. */
function writeValues(out: ProtobufWriter, { samples, help }: ParsedFamily, type: ValueType): void {
  for (const [name, all] of Map.groupBy(samples, (sample) => sample.name)) {
    const shown = all.some(isCreated) ? 'untyped' : type;
    const start = out.begin();
    writeHead(out, name, help, TYPE[shown]);
    for (const { labels, value, timestampMs, exemplar } of all) {
      const metric = out.begin(FAMILY.metric);
      writeLabels(out, labels);
      const message = out.begin(METRIC[shown]);
      out.double(VALUE, value);
      if (shown === 'counter') writeExemplar(out, COUNTER.exemplar, exemplar);
      out.end(message);
      writeTime(out, timestampMs);
      out.end(metric);
    }
    out.end(start);
  }
}

function writeGroups(
  out: ProtobufWriter,
  { name, help }: ParsedFamily,
  type: 'histogram' | 'summary',
  groups: readonly Group[],
): void {
  const start = out.begin();
  writeHead(out, name, help, TYPE[type]);
  for (const { labels, parts, sum, count } of groups) {
    const metric = out.begin(FAMILY.metric);
    writeLabels(out, labels);
    if (type === 'histogram') writeBuckets(out, parts, sum.value, count.value);
    else {
      const bounds = parts.map(({ bound }) => bound);
      writeSummary(
        out,
        bounds,
        parts.map(({ value }) => value),
        sum.value,
        count.value,
        0,
      );
    }
    writeTime(out, count.timestampMs);
    out.end(metric);
  }
  out.end(start);
}

function writeBuckets(out: ProtobufWriter, buckets: Group['parts'], sum: number, count: number): void {
  const start = out.begin(METRIC.histogram);
  out.integer(HISTOGRAM.count, count);
  out.double(HISTOGRAM.sum, sum);
  for (const { bound, value, exemplar } of buckets) {
    const bucket = out.begin(HISTOGRAM.bucket);
    out.integer(BUCKET.count, value);
    out.double(BUCKET.bound, bound);
    writeExemplar(out, BUCKET.exemplar, exemplar);
    out.end(bucket);
  }
  out.end(start);
}

/** Groups the samples of a histogram or summary by labels. Undefined if they are not those of a whole one. */
function groupsOf({ name, samples }: ParsedFamily, boundLabel: 'le' | 'quantile'): Group[] | undefined {
  const partName = boundLabel === 'le' ? `${name}_bucket` : name;
  const others = (sample: ParsedSample) => sample.labels.filter(([label]) => label !== boundLabel);
  const groups: Group[] = [];
  for (const all of Map.groupBy(samples, (sample) => sortedLabels(others(sample))).values()) {
    const named = (wanted: string) => all.filter((sample) => sample.name === wanted);
    const parts = named(partName)
      .map((sample) => ({ ...sample, bound: boundOf(sample, boundLabel) }))
      .sort((a, b) => a.bound - b.bound);
    const [sums, counts] = [named(`${name}_sum`), named(`${name}_count`)];
    const [sum, count] = [sums[0], counts[0]];
    if (sum === undefined || count === undefined || parts.length + 2 !== all.length) return undefined;
    const whole = boundLabel === 'le' ? [count, ...parts] : [count];
    const isComplete =
      parts.every(({ bound }, i) => !Number.isNaN(bound) && bound !== parts[i - 1]?.bound) &&
      whole.every(({ value }) => Number.isSafeInteger(value) && value >= 0) &&
      all.every(({ timestampMs }) => timestampMs === count.timestampMs);
    if (!isComplete || (boundLabel === 'le' && parts.at(-1)?.bound !== Infinity)) return undefined;
    groups.push({ labels: others(count), parts, sum, count });
  }
  return groups;
}

function boundOf({ labels }: ParsedSample, boundLabel: string): number {
  const text = labels.find(([name]) => name === boundLabel)?.[1];
  if (text === '+Inf') return Infinity;
  return text === undefined || text === '' ? Number.NaN : Number(text);
}

function writeTime(out: ProtobufWriter, timestampMs: number | undefined): void {
  if (timestampMs !== undefined) out.integer(METRIC.timestampMs, Math.max(0, Math.round(timestampMs)));
}
