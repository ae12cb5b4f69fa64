import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { CellRules } from './cell-rules.ts';
import {
  AT_CHUNKS,
  AT_LOG_STATE,
  AT_MAGIC,
  CELLS_PER_CHUNK,
  CHUNK_BYTES,
  CHUNK_OF_CELLS,
  CHUNK_OF_LOG,
  cellsPerSeries,
  chunkOffset,
  HEADER_BYTES,
  type LabelPair,
  MAGIC,
  MAX_CHUNKS,
  type MetricDefinition,
  packLogState,
  placeCells,
  unpackLogState,
  VERSION,
} from './format.ts';
import type { Libc } from './libc.ts';
import { BadLogError, decodeLog, encodeMetric, encodeSeries } from './log-record.ts';
import { readChunkTable, readLog } from './read-log.ts';
import { seriesKey } from './series-key.ts';
import { makeAbsent } from './shared-series.ts';
import { mapHeader, mapThroughOwnDescriptor, type SlotHeader } from './slot-file.ts';
import { type HeldSlot, holdAnew, holdLowestFreeSlot } from './slot-lock.ts';
import { statDirectory } from './stat-directory.ts';

/** Where the values of one series live: `array[base]`, `array[base + 1]`, ... */
export interface Cells {
  readonly array: Float64Array;
  readonly base: number;
}

export interface SlotWriterOptions {
  /** Unix time in seconds. */
  now(): number;
  /** Told of each metric or series that found no room. */
  onRefused(error: Error): void;
}

interface WrittenMetric {
  readonly ordinal: number;
  readonly definition: MetricDefinition;
  readonly free: FreeCells;
}

const magicWord = MAGIC.readBigUInt64LE(0);

/** The one slot file that a process counts into. Every value it holds survives the process. */
export class SlotWriter {
  readonly #libc: Libc;
  readonly #options: SlotWriterOptions;
  readonly #held: HeldSlot;
  readonly #header: SlotHeader;
  readonly #metrics = new Map<string, WrittenMetric>();
  readonly #cellChunks: Float64Array[] = [];
  readonly #logChunks: number[] = [];
  #metricCount = 0;
  #nextCell = 0;
  #logBytes = 0;
  #logCrc = 0;

  /**
   * Takes the lowest free slot that is sound, carrying on from what a dead holder counted. Damaged files are passed
   * over and left as they are, for readers hold them at their last good values.
   * @throws Error where the directory cannot hold a slot of this process; the message says why and what to do.
   */
  static open(libc: Libc, directory: string, options: SlotWriterOptions): SlotWriter {
    checkDirectory(directory);
    for (let first = 0; ; ) {
      const found = holdLowestFreeSlot(libc, directory, first);
      const held = isUnbornFile(found.fd) ? holdAnew(libc, found) : found;
      if (held === undefined) continue;
      try {
        return new SlotWriter(libc, held, options);
      } catch (error) {
        closeSync(held.fd);
        if (!(error instanceof BadLogError)) throw error;
        first = held.slot + 1;
      }
    }
  }

  private constructor(libc: Libc, held: HeldSlot, options: SlotWriterOptions) {
    this.#libc = libc;
    this.#options = options;
    this.#held = held;
    const { size, uid } = fstatSync(held.fd);
    // Readers trust only files that belong to the directory's owner, who this process is.
    if (uid !== process.geteuid?.()) throw new BadLogError(`belongs to user id ${uid}`);
    if (size < HEADER_BYTES) libc.allocate(held.fd, 0, HEADER_BYTES);
    this.#header = mapHeader(libc, held.path);
    if (isUnborn(this.#header, size)) this.#initialise();
    else this.#carryOn();
    this.#header.pid = process.pid;
    this.#header.heartbeat = options.now();
    this.#header.started = options.now();
  }

  get slot(): number {
    return this.#held.slot;
  }

  /** The cells of a series, new or carried on; undefined (and counted as refused) where there is no room for it. */
  series(definition: MetricDefinition, labels: readonly LabelPair[]): Cells | undefined {
    try {
      return this.#series(definition, labels);
    } catch (error) {
      this.#refuse(error as Error);
      return undefined;
    }
  }

  /** Publishes a metric that has no series yet. */
  metric(definition: MetricDefinition): void {
    try {
      this.#metric(definition);
    } catch (error) {
      this.#refuse(error as Error);
    }
  }

  /** Takes back the cells of a series, to be given to whoever counts in it next. */
  release(definition: MetricDefinition, labels: readonly LabelPair[], cells: Cells): void {
    this.#metrics.get(definitionKey(definition))?.free.give(seriesKey(definition.labelNames, labels), cells);
  }

  /**
   * Makes absent every series under `name` that nobody in this process counts in, or the one with this key: those
   * inherited and those released, whatever definition they were made by. It stays so for a successor.
   */
  forget(name: string, key?: string): void {
    for (const { definition, free } of this.#metrics.values()) {
      if (definition.name !== name) continue;
      for (const cells of free.all(key)) makeAbsent(cells, cellsPerSeries(definition));
    }
  }

  beat(now: number): void {
    this.#header.heartbeat = now;
  }

  /** Gives the slot up. Cells handed out before remain mapped and writable. */
  close(): void {
    closeSync(this.#held.fd);
  }

  #refuse(error: Error): void {
    this.#header.refused += 1;
    this.#options.onRefused(error);
  }

  #initialise(): void {
    this.#header.version = VERSION;
    this.#header.magic = magicWord;
  }

  #carryOn(): void {
    const header = this.#header;
    if (header.magic !== magicWord || header.version !== VERSION) {
      throw new BadLogError(`not a slot file of version ${VERSION}`);
    }
    const { bytes, crc } = unpackLogState(header.logState);
    const table = readChunkTable(header, this.#held.fd);
    const log = readLog(this.#held.fd, table.log, 0, bytes, 0, crc);
    const records = [...decodeLog(log, [])];
    for (const chunk of table.cells) this.#cellChunks.push(this.#mapCells(chunk));
    this.#logChunks.push(...table.log);
    const written: WrittenMetric[] = [];
    const rules = new CellRules();
    for (const record of records) {
      if (record.kind === 'metric') written.push(this.#remember(record.definition));
      else this.#inherit(written[record.metric]!, record.labels, rules);
    }
    rules.check(this.#allValues(), this.#nextCell);
    // All is sound: from here on the file is this process's to change.
    header.started = 0;
    for (const metric of written) this.#beginAnew(metric);
    this.#logBytes = bytes;
    this.#logCrc = crc;
  }

  #inherit(metric: WrittenMetric, labels: readonly LabelPair[], rules: CellRules): void {
    const { definition } = metric;
    const count = cellsPerSeries(definition);
    const first = placeCells(this.#nextCell, count);
    this.#nextCell = first + count;
    const cells = this.#cellsAt(first);
    if (count > CELLS_PER_CHUNK || cells === undefined) {
      throw new BadLogError(`${count} cells from ${first} on lie beyond the cells of the file`);
    }
    metric.free.give(seriesKey(definition.labelNames, labels), cells);
    rules.addSeries(definition, first);
  }

  #allValues(): Float64Array {
    const values = new Float64Array(this.#cellChunks.length * CELLS_PER_CHUNK);
    for (const [chunk, cells] of this.#cellChunks.entries()) values.set(cells, chunk * CELLS_PER_CHUNK);
    return values;
  }

  /** What is of the dead holder alone: gauges, and quantiles, which are those of one process's own time window. */
  #beginAnew({ definition, free }: WrittenMetric): void {
    if (definition.type !== 'gauge' && definition.type !== 'summary') return;
    const count = cellsPerSeries(definition);
    for (const { array, base } of free.all()) {
      if (definition.type === 'gauge') array[base] = Number.NaN;
      else array.fill(0, base + 2, base + count);
    }
  }

  #series(definition: MetricDefinition, labels: readonly LabelPair[]): Cells {
    const metric = this.#metric(definition);
    const key = seriesKey(definition.labelNames, labels);
    const free = metric.free.take(key);
    if (free !== undefined) return free;

    const count = cellsPerSeries(definition);
    if (count > CELLS_PER_CHUNK) throw new RangeError(`${definition.name} has ${count} cells a series`);
    const first = placeCells(this.#nextCell, count);
    if (first + count > this.#cellChunks.length * CELLS_PER_CHUNK) {
      this.#addCells();
    }
    const cells = this.#cellsAt(first)!;
    // Absent until its first value is in; histograms and summaries begin at zeros.
    cells.array[cells.base] = Number.NaN;
    this.#append(encodeSeries(metric.ordinal, labels));
    this.#nextCell = first + count;
    return cells;
  }

  #metric(definition: MetricDefinition): WrittenMetric {
    const known = this.#metrics.get(definitionKey(definition));
    if (known !== undefined) return known;
    this.#append(encodeMetric(definition));
    return this.#remember(definition);
  }

  #remember(definition: MetricDefinition): WrittenMetric {
    const metric = { ordinal: this.#metricCount++, definition, free: new FreeCells() };
    this.#metrics.set(definitionKey(definition), metric);
    return metric;
  }

  #cellsAt(first: number): Cells | undefined {
    const array = this.#cellChunks[Math.floor(first / CELLS_PER_CHUNK)];
    return array && { array, base: first % CELLS_PER_CHUNK };
  }

  /** Appends a record: complete in the file before the log state that publishes it. */
  #append(record: Buffer): void {
    const from = this.#logBytes;
    const to = from + record.length;
    while (to > this.#logChunks.length * CHUNK_BYTES) this.#addLog();
    for (let at = from; at < to; ) {
      const within = at % CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - within, to - at);
      const position = chunkOffset(this.#logChunks[Math.floor(at / CHUNK_BYTES)]!) + within;
      at += writeSync(this.#held.fd, record, at - from, length, position);
    }
    const crc = crc32(record, this.#logCrc);
    this.#header.logState = packLogState(to, crc);
    this.#logBytes = to;
    this.#logCrc = crc;
  }

  #addLog(): void {
    this.#reserveChunk();
    this.#logChunks.push(this.#header.addChunk(CHUNK_OF_LOG));
  }

  // Mapped before it is published: a chunk that could not be mapped must not become part of the file.
  #addCells(): void {
    const cells = this.#mapCells(this.#reserveChunk());
    this.#header.addChunk(CHUNK_OF_CELLS);
    this.#cellChunks.push(cells);
  }

  #reserveChunk(): number {
    const chunk = this.#header.chunks;
    if (chunk === MAX_CHUNKS) throw new RangeError(`${this.#held.path} is full: ${MAX_CHUNKS} chunks`);
    this.#libc.allocate(this.#held.fd, chunkOffset(chunk), CHUNK_BYTES);
    return chunk;
  }

  #mapCells(chunk: number): Float64Array {
    const offset = chunkOffset(chunk);
    return new Float64Array(mapThroughOwnDescriptor(this.#libc, this.#held.path, offset, CHUNK_BYTES).buffer);
  }
}

/** Series of the file that nobody in this process counts in, by key: inherited, or released. */
class FreeCells {
  /** Several where two metrics of one process had the same definition. */
  readonly #byKey = new Map<string, Cells[]>();

  give(key: string, cells: Cells): void {
    const others = this.#byKey.get(key);
    if (others === undefined) this.#byKey.set(key, [cells]);
    else others.push(cells);
  }

  take(key: string): Cells | undefined {
    const cells = this.#byKey.get(key);
    const taken = cells?.pop();
    if (cells?.length === 0) this.#byKey.delete(key);
    return taken;
  }

  /** All, or those of one key. */
  *all(key?: string): Generator<Cells> {
    if (key !== undefined) yield* this.#byKey.get(key) ?? [];
    else for (const cells of this.#byKey.values()) yield* cells;
  }
}

function definitionKey({ name, type, aggregator, labelNames, bounds }: MetricDefinition): string {
  return JSON.stringify([name, type, aggregator, labelNames, bounds]);
}

/** Whether the file of this process's user is one that nobody has finished making. */
function isUnbornFile(fd: number): boolean {
  const { size, uid } = fstatSync(fd);
  if (size > HEADER_BYTES || uid !== process.geteuid?.()) return false;
  const header = Buffer.alloc(HEADER_BYTES);
  readSync(fd, header, 0, size, 0);
  return (
    header.readBigUInt64LE(AT_MAGIC) === 0n &&
    header.readBigUInt64LE(AT_LOG_STATE) === 0n &&
    header.readUInt32LE(AT_CHUNKS) === 0
  );
}

/** Whether nobody has finished making the file: such a file holds nothing, so it is no longer than a header. */
function isUnborn(header: SlotHeader, size: number): boolean {
  return header.magic === 0n && size <= HEADER_BYTES && header.chunks === 0 && header.logState === 0n;
}

/** Readers trust only files that belong to the directory's owner. */
function checkDirectory(directory: string): void {
  const { uid } = statDirectory(directory);
  const own = process.geteuid?.();
  if (uid !== own) {
    throw new Error(
      `${directory} belongs to user id ${uid}, this process runs as ${own}: make them the same (scripts/clear-metrics-dir sets the owner)`,
    );
  }
}
