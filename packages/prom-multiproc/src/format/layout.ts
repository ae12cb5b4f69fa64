/**
 * Constants and arithmetic of the slot file, version 2. FORMAT.md is the specification; a test compares the two. A slot file is a
 * header and chunks: chunks of log (records that define metrics and series), of cells (the values, 8-byte doubles) and of exemplars.
 */

export const MAGIC = Buffer.from('PROMSLOT');
export const VERSION = 2;
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
export const AT_PROCESS = 56;
export const AT_PROCESS_METRICS = 64;
export const AT_CHUNK_KINDS = 512;

export const CHUNK_OF_CELLS = 1;
export const CHUNK_OF_LOG = 2;
export const CHUNK_OF_EXEMPLARS = 3;

export const RECORD_HEAD_BYTES = 8;
export const RECORD_METRIC = 1;
export const RECORD_SERIES = 2;

/** Flags of a metric record. */
export const FLAG_NAMED = 1;
export const FLAG_EXEMPLARS = 2;

export const EXEMPLAR_BYTES = 416;
export const EXEMPLARS_PER_CHUNK = 157;
export const EXEMPLAR_NUMBERS = 2 ** 20;

const FILE_NAME = /^slot-(0|[1-9][0-9]{0,3})\.metrics$/;
export const MAX_SLOTS = 10_000;

export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/** The content of a metric record: FORMAT.md#log. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator: string;
  readonly labelNames: readonly string[];
  /** Ascending: the upper bounds of a histogram without +Inf, or the quantiles of a summary. */
  readonly bounds: readonly number[];
  /** Name of the metric's registry; absent if it has none. */
  readonly registry?: string;
  /** Whether its series have exemplars: of a counter or a histogram. */
  readonly exemplars?: true;
}

/** One label of a series: an index into the metric's label names, and the value. */
export type LabelPair = readonly [index: number, value: string];

/** A key for the metric among those of all registries. It is unambiguous because no name contains NUL. */
export function familyKey({ name, registry }: { name: string; registry?: string | undefined }): string {
  return registry === undefined ? name : `${registry}\0${name}`;
}

export function slotFileName(slot: number): string {
  return `slot-${slot}.metrics`;
}

/** The number of the slot whose file has this name; undefined if it is not a slot file's name. */
export function slotOfFileName(name: string): number | undefined {
  const match = FILE_NAME.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** Whether a gauge of this aggregator has a second cell, the time of its last write. */
export function isTimed(aggregator: string): boolean {
  return aggregator === 'mostrecent' || aggregator === 'keptmostrecent';
}

/** Cells of a series that is not a gauge, after its value or sum: FORMAT.md#log. */
export const CELL_OF_START = 1;
export const CELL_OF_COUNT = 2;
export const CELL_OF_BUCKETS = 2;
export const CELL_OF_QUANTILES = 3;

/** Number of cells of a series of this metric. */
export function cellsPerSeries(definition: MetricDefinition): number {
  return valueCells(definition) + exemplarCells(definition);
}

/** Number of cells before those of the exemplars. */
export function valueCells({ type, aggregator, bounds }: MetricDefinition): number {
  switch (type) {
    case 'counter':
      return CELL_OF_START + 1;
    case 'gauge':
      return isTimed(aggregator) ? 2 : 1;
    case 'histogram':
      return CELL_OF_BUCKETS + bounds.length + 1;
    case 'summary':
      return CELL_OF_QUANTILES + bounds.length;
  }
}

/** Number of cells that refer to exemplars: one for a counter, one for each bucket of a histogram. */
export function exemplarCells({ type, bounds, exemplars }: MetricDefinition): number {
  if (exemplars === undefined) return 0;
  return type === 'histogram' ? bounds.length + 1 : 1;
}

/** The first cell of a series of `count` cells, if the cells before `next` are used. No series straddles two chunks. */
export function placeCells(next: number, count: number): number {
  const left = CELLS_PER_CHUNK - (next % CELLS_PER_CHUNK);
  return count > left ? next + left : next;
}

/** Offset of a chunk in the file, in bytes. */
export function chunkOffset(chunk: number): number {
  return HEADER_BYTES + chunk * CHUNK_BYTES;
}

export function packLogState(bytes: number, crc: number): bigint {
  return (BigInt(crc >>> 0) << 32n) | BigInt(bytes);
}

export function unpackLogState(state: bigint): { bytes: number; crc: number } {
  return { bytes: Number(state & 0xffffffffn), crc: Number(state >> 32n) };
}
