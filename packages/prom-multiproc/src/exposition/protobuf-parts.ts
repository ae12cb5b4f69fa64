import type { Label } from '../merge/label-text.ts';
import { isTimestamp, nanosOf, type ProtobufWriter } from '../util/protobuf-writer.ts';
import type { ParsedExemplar } from './parsed-family.ts';
import { EXEMPLAR, LABEL, METRIC, TIMESTAMP } from './protobuf-fields.ts';

/** Writes labels of a Metric or an Exemplar, which have the same field. */
export function writeLabels(out: ProtobufWriter, labels: readonly Label[]): void {
  for (const [name, value] of labels) {
    const start = out.begin(METRIC.label);
    out.text(LABEL.name, name);
    out.text(LABEL.value, value);
    out.end(start);
  }
}

export function writeExemplar(
  out: ProtobufWriter,
  field: number,
  exemplar: ParsedExemplar | undefined,
): void {
  if (exemplar === undefined) return;
  const { labels, value, timestamp } = exemplar;
  const start = out.begin(field);
  writeLabels(out, labels);
  out.double(EXEMPLAR.value, value);
  if (timestamp !== undefined && isTimestamp(timestamp)) writeTimestamp(out, EXEMPLAR.timestamp, timestamp);
  out.end(start);
}

/** Writes the start time of a series, unless it is unknown. */
export function writeCreated(out: ProtobufWriter, field: number, time: number): void {
  if (isTimestamp(time)) writeTimestamp(out, field, time);
}

/** Writes a `google.protobuf.Timestamp`. `time` is Unix time in seconds. */
function writeTimestamp(out: ProtobufWriter, field: number, time: number): void {
  const start = out.begin(field);
  out.integer(TIMESTAMP.seconds, Math.floor(time));
  out.integer(TIMESTAMP.nanos, nanosOf(time));
  out.end(start);
}
