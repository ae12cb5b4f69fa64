import {
  type LabelPair,
  METRIC_TYPES,
  type MetricDefinition,
  RECORD_HEAD_BYTES,
  RECORD_METRIC,
  RECORD_SERIES,
} from './format.ts';

/** A record of the log as read. */
export type LogRecord =
  | { readonly kind: 'metric'; readonly definition: MetricDefinition }
  | { readonly kind: 'series'; readonly metric: number; readonly labels: readonly LabelPair[] };

/** A log that does not follow the format; the message says where and how. */
export class BadLogError extends Error {
  override readonly name = 'BadLogError';
}

/** The bytes of a metric record, head and padding included. */
export function encodeMetric(definition: MetricDefinition): Buffer {
  const { type, labelNames, bounds } = definition;
  const fixed = Buffer.alloc(16 + bounds.length * 8);
  fixed.writeUInt32LE(METRIC_TYPES.indexOf(type) + 1, 0);
  fixed.writeUInt32LE(labelNames.length, 4);
  fixed.writeUInt32LE(bounds.length, 8);
  bounds.forEach((bound, i) => {
    fixed.writeDoubleLE(bound, 16 + i * 8);
  });
  const texts = [definition.name, definition.help, definition.aggregator, ...labelNames];
  return encodeRecord(RECORD_METRIC, [fixed, ...texts.flatMap(encodeText)]);
}

/** The bytes of a series record, head and padding included. */
export function encodeSeries(metric: number, labels: readonly LabelPair[]): Buffer {
  const parts = [u32(metric), u32(labels.length)];
  for (const [index, value] of labels) parts.push(u32(index), ...encodeText(value));
  return encodeRecord(RECORD_SERIES, parts);
}

/**
 * Reads the records of a stretch of log that begins and ends at record boundaries.
 * @throws BadLogError at the first byte that does not follow the format.
 */
export function* decodeLog(log: Buffer, metrics: MetricDefinition[]): Generator<LogRecord> {
  let at = 0;
  while (at < log.length) {
    if (at + RECORD_HEAD_BYTES > log.length) throw new BadLogError(`record head cut off at byte ${at}`);
    const length = log.readUInt32LE(at);
    const kind = log.readUInt32LE(at + 4);
    const start = at + RECORD_HEAD_BYTES;
    const end = start + length;
    if (end > log.length) throw new BadLogError(`record of ${length} bytes at byte ${at} runs over the end`);
    const payload = new PayloadReader(log, start, end);
    if (kind === RECORD_METRIC) {
      const definition = payload.metric();
      metrics.push(definition);
      yield { kind: 'metric', definition };
    } else if (kind === RECORD_SERIES) {
      yield payload.series(metrics);
    } else {
      throw new BadLogError(`record of unknown kind ${kind} at byte ${at}`);
    }
    at = start + roundUp(length);
  }
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
    this.#u32();
    const bounds = Array.from({ length: boundCount }, () => this.#f64());
    if (bounds.some((bound, i) => !(bound > (bounds[i - 1] ?? -Infinity) && bound < Infinity))) {
      throw this.#bad('bounds not ascending and finite');
    }
    const name = this.#text();
    const help = this.#text();
    const aggregator = this.#text();
    const labelNames = Array.from({ length: labelCount }, () => this.#text());
    this.#finish();
    return { name, help, type, aggregator, labelNames, bounds };
  }

  series(metrics: readonly MetricDefinition[]): LogRecord {
    const metric = this.#u32();
    const definition = metrics[metric];
    if (definition === undefined) throw this.#bad(`series of unknown metric ${metric}`);
    const count = this.#count(8);
    const labels: LabelPair[] = [];
    if (count > definition.labelNames.length) throw this.#bad(`${count} labels`);
    for (let i = 0; i < count; i++) {
      const index = this.#u32();
      if (index >= definition.labelNames.length || labels.some(([other]) => other === index)) {
        throw this.#bad(`label index ${index}`);
      }
      labels.push([index, this.#text()]);
    }
    this.#finish();
    return { kind: 'series', metric, labels };
  }

  /** A count of things of at least `bytesEach` bytes: one that cannot fit is refused before anything is allocated. */
  #count(bytesEach: number): number {
    const count = this.#u32();
    if (count * bytesEach > this.#end - this.#at) throw this.#bad(`count ${count} cannot fit`);
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
    if (bytes > this.#end - at) throw this.#bad(`${bytes} bytes wanted`);
    this.#at = at + bytes;
    return at;
  }

  #finish(): void {
    if (this.#at !== this.#end) throw this.#bad('bytes left over');
  }

  #bad(what: string): BadLogError {
    return new BadLogError(`${what} (payload byte ${this.#at} of ${this.#end})`);
  }
}
