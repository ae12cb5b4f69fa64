/**
 * The slot file, version 1: the whole contract between the one process that writes a slot and all that read it.
 *
 * All numbers are little-endian. A file is a header of 4,096 bytes and then chunks of 65,536 bytes, back to back.
 *
 *     offset  type       header field
 *          0  u8[8]      magic "PROMSLOT"; written last: a file without it is unborn and holds nothing
 *          8  u32        version, 1
 *         16  u64        log state: low half = bytes of log in use (a multiple of 8), high half = CRC-32 (as in zlib) of
 *                        those bytes. One aligned 8-byte store publishes records: never one half without the other
 *         24  u32        chunks in use
 *         28  u32        process id of the holder; for people only: liveness is the lock, never a pid
 *         32  f64        Unix time in seconds at which the holder took the slot; 0 while it is being taken
 *         40  f64        heartbeat: Unix time in seconds, set by the holder now and then
 *         48  f64        series refused since the file was made (disk full, too many)
 *        512  u8[3584]   kind of each chunk: 1 = cells, 2 = log. The n-th chunk of a kind holds the n-th part of it
 *
 * Liveness: the holder has an open-file-description write lock on the whole file (fcntl F_OFD_SETLK).
 *
 * Cells are f64, 8-byte aligned, written by plain stores and to be read by aligned 8-byte loads (a copying read tears).
 * The log is a sequence of records; nothing in it is ever moved or rewritten:
 *
 *     u32 bytes of payload | u32 kind: 1 = metric, 2 = series | payload | zeros up to a multiple of 8
 *
 *     metric:  u32 type: 1 = counter, 2 = gauge, 3 = histogram, 4 = summary | u32 label names | u32 bounds | u32 zero
 *              f64 bound (each, ascending): upper bounds of a histogram without +Inf, quantiles of a summary
 *              text name | text help | text aggregator | text label name (each)
 *     series:  u32 metric: ordinal of its record among the metric records, from 0 | u32 labels
 *              for each label: u32 index into the metric's label names, none twice | text value
 *     text:    u32 bytes | UTF-8
 *
 * A series owns the next cells after those of the series before it; where they would straddle two chunks they begin at
 * the next chunk. Cells by type: counter: value. gauge: value (mostrecent: value, Unix time in seconds). histogram: sum,
 * then the count of each bucket, not cumulative, +Inf last; the count of observations is their sum, so no reader can see
 * the two disagree. summary: sum, count, then the value of each quantile in this process alone. A first cell of NaN says that the series is absent (removed, or a gauge never
 * set); counters, buckets, counts and sums are never NaN otherwise.
 */

export const MAGIC = Buffer.from('PROMSLOT');
export const VERSION = 1;
export const HEADER_BYTES = 4096;
export const CHUNK_BYTES = 65536;
export const CELLS_PER_CHUNK = CHUNK_BYTES / 8;
export const MAX_CHUNKS = 3584;

export const AT_MAGIC = 0;
export const AT_VERSION = 8;
export const AT_LOG_STATE = 16;
export const AT_CHUNKS = 24;
export const AT_PID = 28;
export const AT_STARTED = 32;
export const AT_HEARTBEAT = 40;
export const AT_REFUSED = 48;
export const AT_CHUNK_KINDS = 512;

export const CHUNK_OF_CELLS = 1;
export const CHUNK_OF_LOG = 2;

export const RECORD_HEAD_BYTES = 8;
export const RECORD_METRIC = 1;
export const RECORD_SERIES = 2;

const FILE_NAME = /^slot-(0|[1-9][0-9]{0,3})\.metrics$/;
export const MAX_SLOTS = 10_000;

export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** What a metric record says. Bounds are ascending: upper bounds of a histogram, without +Inf, or quantiles of a summary. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator: string;
  readonly labelNames: readonly string[];
  readonly bounds: readonly number[];
}

/** One label of a series: index into the metric's label names, and the value. In the order the application gave. */
export type LabelPair = readonly [index: number, value: string];

/** Name of the file of slot `slot`. */
export function slotFileName(slot: number): string {
  return `slot-${slot}.metrics`;
}

/** The slot whose file has this name, or undefined for any other name. */
export function slotOfFileName(name: string): number | undefined {
  const match = FILE_NAME.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** Number of cells that a series of this metric owns. */
export function cellsPerSeries(definition: MetricDefinition): number {
  switch (definition.type) {
    case 'counter':
      return 1;
    case 'gauge':
      return definition.aggregator === 'mostrecent' ? 2 : 1;
    case 'histogram':
      return definition.bounds.length + 2;
    case 'summary':
      return 2 + definition.bounds.length;
  }
}

/** First cell of a series of `count` cells when the cells before `next` are taken. */
export function placeCells(next: number, count: number): number {
  const left = CELLS_PER_CHUNK - (next % CELLS_PER_CHUNK);
  return count > left ? next + left : next;
}

/** Where byte `position` of chunk number `chunk` lies in the file. */
export function chunkOffset(chunk: number): number {
  return HEADER_BYTES + chunk * CHUNK_BYTES;
}

export function packLogState(bytes: number, crc: number): bigint {
  return (BigInt(crc >>> 0) << 32n) | BigInt(bytes);
}

export function unpackLogState(state: bigint): { bytes: number; crc: number } {
  return { bytes: Number(state & 0xffffffffn), crc: Number(state >> 32n) };
}
