/** Decodes pages in protobuf with protobufjs and the schema of Prometheus, metrics.proto, independently of this library's encoder. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import protobuf from 'protobufjs';

interface Label {
  readonly name: string;
  readonly value: string;
}

interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

interface Exemplar {
  readonly label: readonly Label[];
  readonly value: number;
  readonly timestamp?: Timestamp;
}

interface Bucket {
  readonly cumulativeCount: number;
  readonly upperBound: number;
  readonly exemplar?: Exemplar;
}

export interface Metric {
  readonly label: readonly Label[];
  readonly timestampMs?: number;
  readonly gauge?: { readonly value: number };
  readonly counter?: {
    readonly value: number;
    readonly exemplar?: Exemplar;
    readonly createdTimestamp?: Timestamp;
  };
  readonly untyped?: { readonly value: number };
  readonly summary?: {
    readonly sampleCount: number;
    readonly sampleSum: number;
    readonly quantile: readonly { readonly quantile: number; readonly value: number }[];
    readonly createdTimestamp?: Timestamp;
  };
  readonly histogram?: {
    readonly sampleCount: number;
    readonly sampleSum: number;
    readonly bucket: readonly Bucket[];
    readonly createdTimestamp?: Timestamp;
  };
}

export interface MetricFamily {
  readonly name: string;
  readonly help?: string;
  readonly type: string;
  readonly metric: readonly Metric[];
}

const schema = protobuf
  .loadSync(join(import.meta.dirname, 'metrics.proto'))
  .lookupType('io.prometheus.client.MetricFamily');

/** Decodes a page: families, each after its length. */
export function decodePage(page: Uint8Array): MetricFamily[] {
  const reader = protobuf.Reader.create(page);
  const families: MetricFamily[] = [];
  while (reader.pos < reader.len) {
    const message = schema.decodeDelimited(reader);
    families.push(schema.toObject(message, { enums: String, longs: Number, arrays: true }) as MetricFamily);
  }
  return families;
}

interface Sample {
  readonly name: string;
  readonly labels: readonly Label[];
  readonly value: number;
}

/** The series of a family, as Prometheus derives them, in prom-client's order. */
export function samplesOf({ name, type, metric }: MetricFamily): Sample[] {
  return metric.flatMap(({ label, gauge, counter, untyped, summary, histogram }) => {
    const sample = (suffix: string, value: number, first: readonly Label[] = []): Sample => {
      return { name: name + suffix, labels: [...first, ...label], value };
    };
    const value = { COUNTER: counter, GAUGE: gauge, UNTYPED: untyped }[type];
    if (value !== undefined) return [sample('', value.value)];
    const both = type === 'SUMMARY' ? summary : histogram;
    assert.ok(both !== undefined, `${type} without a value`);
    return [
      ...(summary?.quantile ?? []).map((one) =>
        sample('', one.value, [{ name: 'quantile', value: number(one.quantile) }]),
      ),
      ...(histogram?.bucket ?? []).map((one) =>
        sample('_bucket', one.cumulativeCount, [{ name: 'le', value: number(one.upperBound) }]),
      ),
      sample('_sum', both.sampleSum),
      sample('_count', both.sampleCount),
    ];
  });
}

/** Writes a page in protobuf as prom-client writes it as text. */
export function textOfPage(page: Uint8Array): string {
  return `${decodePage(page).map(textOfFamily).join('\n\n')}\n`;
}

function textOfFamily(family: MetricFamily): string {
  const { name, help = '', type } = family;
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const lines = samplesOf(family).map((one) => `${one.name}${braces(one.labels)} ${number(one.value)}`);
  return [`# HELP ${name} ${escaped}`, `# TYPE ${name} ${type.toLowerCase()}`, ...lines].join('\n');
}

function braces(labels: readonly Label[]): string {
  if (labels.length === 0) return '';
  const texts = labels.map(({ name, value }) => {
    return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`;
  });
  return `{${texts.join(',')}}`;
}

/** The shortest text of a double is different for each double but -0. */
export function number(value: number): string {
  assert.ok(!Object.is(value, -0), '-0 is 0 in text');
  if (Number.isNaN(value)) return 'Nan';
  return Math.abs(value) === Infinity ? `${value > 0 ? '+' : '-'}Inf` : String(value);
}
