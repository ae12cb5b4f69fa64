import { isAscii, isUtf8 } from 'node:buffer';
import {
  FLAG_EXEMPLARS,
  FLAG_NAMED,
  type LabelPair,
  METRIC_TYPES,
  type MetricDefinition,
  RECORD_HEAD_BYTES,
  RECORD_METRIC,
  RECORD_SERIES,
} from './layout.ts';

/** Called for each record of a log, in log order. */
export interface LogVisitor {
  onMetric(definition: MetricDefinition): void;
  /** A series of metric number `metric`. Its labels are bytes `from` up to `to` of the log. */
  onSeries(metric: number, log: DataView, from: number, to: number): void;
}

/** A decoded record. */
export type LogRecord =
  | { readonly kind: 'metric'; readonly definition: MetricDefinition }
  | { readonly kind: 'series'; readonly metric: number; readonly labels: readonly LabelPair[] };

/** A slot file that does not follow the format. The message says how and where. */
export class BadLogError extends Error {
  override readonly name = 'BadLogError';
}

/** Encodes a metric record, with its head and padding. */
export function encodeMetric(definition: MetricDefinition): Buffer {
  const { type, labelNames, bounds, registry, exemplars } = definition;
  const fixed = Buffer.alloc(16 + bounds.length * 8);
  fixed.writeUInt32LE(METRIC_TYPES.indexOf(type) + 1, 0);
  fixed.writeUInt32LE(labelNames.length, 4);
  fixed.writeUInt32LE(bounds.length, 8);
  fixed.writeUInt32LE((registry === undefined ? 0 : FLAG_NAMED) + (exemplars ? FLAG_EXEMPLARS : 0), 12);
  bounds.forEach((bound, i) => {
    fixed.writeDoubleLE(bound, 16 + i * 8);
  });
  const texts = [definition.name, definition.help, definition.aggregator, ...labelNames];
  if (registry !== undefined) texts.push(registry);
  return encodeRecord(RECORD_METRIC, [fixed, ...texts.flatMap(encodeText)]);
}

/** Encodes a series record, with its head and padding. */
export function encodeSeries(metric: number, labels: readonly LabelPair[]): Buffer {
  return encodeRecord(RECORD_SERIES, [u32(metric), encodeLabels(labels)]);
}

/** Encodes the labels of a series, as in a series record. */
export function encodeLabels(labels: readonly LabelPair[]): Buffer {
  const parts = [u32(labels.length)];
  for (const [index, value] of labels) parts.push(u32(index), ...encodeText(value));
  return Buffer.concat(parts);
}

/**
 * Visits and checks a part of a log that begins and ends at a record boundary. `metrics` are the definitions before it; those in
 * it are appended. The visitor gets valid records only.
 * @throws BadLogError at the first byte that does not follow the format.
 */
export function walkLog(log: Buffer, metrics: MetricDefinition[], visitor: LogVisitor): void {
  const view = viewOf(log);
  const ascii = isAscii(log);
  let at = 0;
  while (at < log.length) {
    if (at + RECORD_HEAD_BYTES > log.length) throw new BadLogError(`record head at byte ${at} is truncated`);
    const length = view.getUint32(at, true);
    const kind = view.getUint32(at + 4, true);
    const start = at + RECORD_HEAD_BYTES;
    const end = start + length;
    if (end > log.length) throw new BadLogError(`record at byte ${at} exceeds the log: ${length} bytes`);
    if (kind === RECORD_METRIC) {
      const definition = new PayloadReader(log, start, end).metric();
      metrics.push(definition);
      visitor.onMetric(definition);
    } else if (kind === RECORD_SERIES) {
      if (length < 4) throw new BadLogError(`series record at byte ${at} is too short: ${length} bytes`);
      const metric = view.getUint32(start, true);
      const definition = metrics[metric];
      if (definition === undefined)
        throw new BadLogError(`series record at byte ${at} has unknown metric number ${metric}`);
      checkLabels(view, start + 4, end, definition.labelNames.length, ascii ? undefined : log);
      visitor.onSeries(metric, view, start + 4, end);
    } else {
      throw new BadLogError(`record at byte ${at} is of unknown kind ${kind}`);
    }
    at = start + roundUp(length);
  }
}

/** Visits the series in a part of a log that `walkLog` has checked. */
export function visitSeries(log: Buffer, visitor: Pick<LogVisitor, 'onSeries'>): void {
  const view = viewOf(log);
  for (let at = 0; at < log.length; ) {
    const length = view.getUint32(at, true);
    const start = at + RECORD_HEAD_BYTES;
    if (view.getUint32(at + 4, true) === RECORD_SERIES)
      visitor.onSeries(view.getUint32(start, true), view, start + 4, start + length);
    at = start + roundUp(length);
  }
}

/** Decodes a part of a log: see `walkLog`. @throws BadLogError */
export function decodeLog(log: Buffer, metrics: MetricDefinition[]): LogRecord[] {
  const records: LogRecord[] = [];
  walkLog(log, metrics, {
    onMetric: (definition) => records.push({ kind: 'metric', definition }),
    onSeries: (metric, _, from, to) =>
      records.push({ kind: 'series', metric, labels: decodeLabels(log, from, to) }),
  });
  return records;
}

/** Decodes labels that `walkLog` has checked. */
function decodeLabels(log: Buffer, from: number, to: number): LabelPair[] {
  const labels: LabelPair[] = [];
  for (let at = from + 4; at < to; ) {
    const start = at + 8;
    const end = start + log.readUInt32LE(at + 4);
    labels.push([log.readUInt32LE(at), log.toString('utf8', start, end)]);
    at = end;
  }
  return labels;
}

/** Checks that valid labels fill bytes `from` up to `to` exactly. `texts` is the same log; undefined if it is ASCII only. */
function checkLabels(log: DataView, from: number, to: number, names: number, texts?: Buffer): void {
  if (to - from < 4) throw badLabels('count is missing', from);
  const count = log.getUint32(from, true);
  if (count > names) throw badLabels(`${count} labels for ${names} names`, from);
  let at = from + 4;
  let highest = -1;
  for (let i = 0; i < count; i++) {
    if (to - at < 8) throw badLabels(`label ${i} of ${count} is missing`, from);
    const index = log.getUint32(at, true);
    if (index >= names || (index <= highest && hasIndex(log, from + 4, at, index))) {
      throw badLabels(`label index ${index} is too high or repeated`, from);
    }
    if (index > highest) highest = index;
    const start = at + 8;
    const length = log.getUint32(at + 4, true);
    if (length > to - start) throw badLabels(`text of ${length} bytes exceeds the record`, from);
    at = start + length;
    if (texts !== undefined && !isUtf8(texts.subarray(start, at))) throw badLabels('text is not UTF-8', from);
  }
  if (at !== to) throw badLabels(`${to - at} bytes left over`, from);
}

function badLabels(what: string, at: number): BadLogError {
  return new BadLogError(`invalid labels at byte ${at}: ${what}`);
}

/** A view to read numbers with: until the code is compiled, a DataView takes half the time of Buffer's methods. */
export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** Whether one of the valid labels in bytes `from` up to `to` has this index. */
function hasIndex(log: DataView, from: number, to: number, index: number): boolean {
  for (let at = from; at < to; at += 8 + log.getUint32(at + 4, true)) {
    if (log.getUint32(at, true) === index) return true;
  }
  return false;
}

function encodeRecord(kind: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  head.writeUInt32LE(length, 0);
  head.writeUInt32LE(kind, 4);
  return Buffer.concat([head, ...parts, Buffer.alloc(roundUp(length) - length)]);
}

function encodeText(text: string): Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  return [u32(bytes.length), bytes];
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

function roundUp(length: number): number {
  return (length + 7) & ~7;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class PayloadReader {
  readonly #log: Buffer;
  readonly #end: number;
  #at: number;

  constructor(log: Buffer, at: number, end: number) {
    this.#log = log;
    this.#at = at;
    this.#end = end;
  }

  metric(): MetricDefinition {
    const type = METRIC_TYPES[this.#u32() - 1];
    if (type === undefined) throw this.#bad('unknown metric type');
    const labelCount = this.#count(4);
    const boundCount = this.#count(8);
    const flags = this.#u32();
    const known = type === 'counter' || type === 'histogram' ? FLAG_NAMED | FLAG_EXEMPLARS : FLAG_NAMED;
    if (flags > known) throw this.#bad(`unknown flags ${flags} of a ${type}`);
    const bounds = Array.from({ length: boundCount }, () => this.#f64());
    if (bounds.some((bound, i) => !(bound > (bounds[i - 1] ?? -Infinity) && bound < Infinity))) {
      throw this.#bad('bounds are not ascending and finite');
    }
    const name = this.#text();
    const help = this.#text();
    const aggregator = this.#text();
    const labelNames = Array.from({ length: labelCount }, () => this.#text());
    const registry = flags & FLAG_NAMED ? { registry: this.#text() } : {};
    const exemplars = flags & FLAG_EXEMPLARS ? ({ exemplars: true } as const) : {};
    this.#finish();
    return { name, help, type, aggregator, labelNames, bounds, ...registry, ...exemplars };
  }

  /** Reads a count of items of at least `bytesEach` bytes. Rejects one that cannot fit before anything is allocated. */
  #count(bytesEach: number): number {
    const count = this.#u32();
    if (count * bytesEach > this.#end - this.#at) throw this.#bad(`count ${count} exceeds the record`);
    return count;
  }

  #u32(): number {
    const at = this.#take(4);
    return this.#log.readUInt32LE(at);
  }

  #f64(): number {
    const at = this.#take(8);
    return this.#log.readDoubleLE(at);
  }

  #text(): string {
    const length = this.#u32();
    const at = this.#take(length);
    try {
      return strictUtf8.decode(this.#log.subarray(at, at + length));
    } catch {
      throw this.#bad('text is not UTF-8');
    }
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#end - at) throw this.#bad(`metric record is too short: ${bytes} more bytes expected`);
    this.#at = at + bytes;
    return at;
  }

  #finish(): void {
    if (this.#at !== this.#end) throw this.#bad(`${this.#end - this.#at} bytes left over`);
  }

  #bad(what: string): BadLogError {
    return new BadLogError(`${what} (payload byte ${this.#at} of ${this.#end})`);
  }
}
