import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { CellRules } from './cell-rules.ts';
import {
  AT_STARTED,
  CELLS_PER_CHUNK,
  CHUNK_BYTES,
  cellsPerSeries,
  chunkOffset,
  HEADER_BYTES,
  MAGIC,
  type MetricDefinition,
  placeCells,
  unpackLogState,
  VERSION,
} from './format.ts';
import type { Libc, Mapping } from './libc.ts';
import { BadLogError, type LogVisitor, walkLog } from './log-record.ts';
import { readChunkTable, readLog } from './read-log.ts';
import { SlotHeader } from './slot-file.ts';

const magicWord = MAGIC.readBigUInt64LE(0);

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Where values are loaded to until they are known to be good; one for all readers of the thread. */
let incoming = new Float64Array(0);

/** Another file is now at the path: it is to be read by a reader of its own. */
export class FileReplacedError extends BadLogError {
  constructor() {
    super('file was replaced by that of another holder');
  }
}

/** Told, in log order, of what a slot file newly says. */
export interface SlotListener {
  onMetric(definition: MetricDefinition): void;
  /** A series of the metric told as number `metric`; its labels are in `from`..`to` of the log. */
  onSeries(metric: number, log: Buffer, from: number, to: number): void;
}

/**
 * Reads one slot file, again and again, each time only what is new of its log. Values are loaded from a read-only
 * mapping into `values`; where the file has become unreadable, `values` keeps the last good ones.
 */
export class SlotReader {
  readonly slot: number;
  readonly path: string;
  /** Values of all published cells, as of the last refresh that succeeded. */
  values = new Float64Array(0);
  /** Cells published; the length in use of `values`. */
  cellCount = 0;
  /** Whether a living process holds the slot. */
  live = false;
  /** Header fields as of the last good refresh. */
  status = { started: 0, heartbeat: 0, refused: 0, bytes: 0, series: 0 };

  readonly #libc: Libc;
  readonly #owner: number;
  readonly #listener: SlotListener;
  readonly #metrics: MetricDefinition[] = [];
  readonly #mappings: Mapping[] = [];
  readonly #cellChunks: Float64Array[] = [];
  readonly #rules = new CellRules();
  /** Numbers of the chunks mapped in `#cellChunks`. */
  readonly #mapped: number[] = [];
  #fd: number | undefined;
  #header: SlotHeader | undefined;
  #logBytes = 0;
  #logCrc = 0;

  constructor(libc: Libc, slot: number, path: string, owner: number, listener: SlotListener) {
    this.#libc = libc;
    this.slot = slot;
    this.path = path;
    this.#owner = owner;
    this.#listener = listener;
  }

  /**
   * Brings `values`, `live` and `status` up to date.
   * @returns false where the file is unborn and holds nothing yet.
   * @throws Error where the file cannot be trusted; the message says why. What was read before stays as it was.
   */
  refresh(): boolean {
    this.live = false;
    const fd = this.#open();
    // To map is safe at any size; only what is loaded must be there.
    const header = this.#mapHeader(fd);
    const { size, uid } = fstatSync(fd);
    if (uid !== this.#owner)
      throw new BadLogError(`owner is user id ${uid}, the directory's is ${this.#owner}`);
    if (size < HEADER_BYTES && this.#logBytes === 0) return false;
    if (size < HEADER_BYTES) throw new BadLogError(`file is cut short: ${size} bytes`);
    if (header.magic === 0n && size === HEADER_BYTES && this.#logBytes === 0) return false;
    if (header.magic !== magicWord) throw new BadLogError('magic is not that of a slot file');
    if (header.version !== VERSION) throw new BadLogError(`version is ${header.version}, not ${VERSION}`);
    const { started } = header;
    this.#readNewLog(fd, header);
    const loaded = this.#loadValues(fd);
    const held = this.#libc.isLockedByAnother(fd);
    requireSize(fd, HEADER_BYTES);
    const { magic, chunks, heartbeat, refused, started: startedAfter } = header;
    // A file cut and grown again meanwhile gave zeros.
    if (magic !== magicWord || chunks < this.#mapped.length) {
      throw new BadLogError('file was overwritten while it was read');
    }
    this.#rules.check(loaded, this.cellCount);
    this.values.set(loaded);
    // One holder throughout: a new one's lock must not show the gauges of the one before it.
    this.live = held && started > 0 && startedAfter === started;
    this.status = { ...this.status, started, heartbeat, refused, bytes: size };
    return true;
  }

  /** Whether what was read before is no longer at its path, and nobody holds it: as after the directory was cleared. */
  isGone(): boolean {
    const now = lstatSync(this.path, { throwIfNoEntry: false });
    if (this.#fd === undefined) return now === undefined;
    const held = fstatSync(this.#fd);
    if (now?.ino === held.ino && now.dev === held.dev) return false;
    return !this.#libc.isLockedByAnother(this.#fd);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#header = undefined;
    this.#cellChunks.length = 0;
    this.#mapped.length = 0;
    for (const mapping of this.#mappings.splice(0)) mapping.unmap();
  }

  #open(): number {
    if (this.#fd === undefined) {
      const fd = openSync(this.path, OPEN_FLAGS);
      const stats = fstatSync(fd);
      if (!stats.isFile()) {
        closeSync(fd);
        throw new BadLogError('not a regular file');
      }
      this.#fd = fd;
    }
    const held = fstatSync(this.#fd);
    const now = lstatSync(this.path);
    if (now.ino === held.ino && now.dev === held.dev) return this.#fd;
    if (this.#logBytes === 0) {
      // Nothing was read from it: it is unborn, and its maker puts the file to stay in its place.
      this.close();
      return this.#open();
    }
    // A copy of the file would be counted twice; one that a new holder made is of a later start.
    if (now.isFile() && startedIn(this.path) !== this.status.started) throw new FileReplacedError();
    throw new BadLogError('file was replaced');
  }

  #mapHeader(fd: number): SlotHeader {
    this.#header ??= new SlotHeader(this.#map(fd, 0, HEADER_BYTES));
    return this.#header;
  }

  #map(fd: number, offset: number, length: number): Mapping {
    const mapping = this.#libc.mmap(fd, offset, length, false);
    this.#mappings.push(mapping);
    return mapping;
  }

  #readNewLog(fd: number, header: SlotHeader): void {
    const { bytes, crc } = unpackLogState(header.logState);
    // The state is loaded before the chunk table: chunks are published before the records that need them.
    const table = readChunkTable(header, fd);
    // What is mapped but no longer of the file may lie beyond its end: to load from there ends the process.
    if (this.#mapped.some((chunk, i) => chunk !== table.cells[i]))
      throw new BadLogError('chunks were changed');
    if (bytes === this.#logBytes && crc === this.#logCrc) return;
    const log = readLog(fd, table.log, this.#logBytes, bytes, this.#logCrc, crc);
    const metrics = this.#metrics.slice();
    const found = new FoundSeries(metrics, this.cellCount);
    walkLog(log, metrics, found);
    for (let chunk = this.#cellChunks.length; chunk < table.cells.length; chunk++) {
      const mapping = this.#map(fd, chunkOffset(table.cells[chunk]!), CHUNK_BYTES);
      this.#mapped.push(table.cells[chunk]!);
      this.#cellChunks.push(new Float64Array(mapping.buffer));
    }
    if (found.cellCount > this.#cellChunks.length * CELLS_PER_CHUNK) {
      throw new BadLogError(`cells up to ${found.cellCount} in ${this.#cellChunks.length} chunks`);
    }
    // All is sound: from here on nothing fails, so a file is taken in whole or not at all.
    for (let ordinal = this.#metrics.length; ordinal < metrics.length; ordinal++) {
      this.#metrics.push(metrics[ordinal]!);
      this.#listener.onMetric(metrics[ordinal]!);
    }
    found.tell(log, this.#listener, this.#rules);
    this.#makeRoom(found.cellCount);
    this.status = { ...this.status, series: this.status.series + found.count };
    this.#logBytes = bytes;
    this.#logCrc = crc;
  }

  #makeRoom(cellCount: number): void {
    if (this.values.length < cellCount) {
      const grown = new Float64Array(this.#cellChunks.length * CELLS_PER_CHUNK).fill(Number.NaN);
      grown.set(this.values);
      this.values = grown;
    }
    this.cellCount = cellCount;
  }

  /** The values of all published cells as they are now, good or not. */
  #loadValues(fd: number): Float64Array {
    const { cellCount } = this;
    if (incoming.length < cellCount) incoming = new Float64Array(cellCount * 2);
    const loaded = incoming;
    for (let chunk = 0, start = 0; start < cellCount; chunk++, start += CELLS_PER_CHUNK) {
      const cells = this.#cellChunks[chunk]!;
      const count = Math.min(CELLS_PER_CHUNK, cellCount - start);
      requireSize(fd, chunkOffset(this.#mapped[chunk]! + 1));
      // A loop of 8-byte loads, never a bulk copy: that may tear a value.
      for (let i = 0; i < count; i++) loaded[start + i] = cells[i]!;
    }
    return loaded.subarray(0, cellCount);
  }
}

/**
 * To be asked right before loads from a mapping: a load from beyond the end of its file ends the process.
 * @throws BadLogError where the file is shorter.
 */
function requireSize(fd: number, bytes: number): void {
  const { size } = fstatSync(fd);
  if (size < bytes) throw new BadLogError(`file is cut short: ${size} bytes, ${bytes} in use`);
}

function startedIn(path: string): number {
  const fd = openSync(path, OPEN_FLAGS);
  try {
    const field = Buffer.alloc(8);
    readSync(fd, field, 0, field.length, AT_STARTED);
    return field.readDoubleLE(0);
  } finally {
    closeSync(fd);
  }
}

/** The series of a stretch of log with the cells that are theirs, kept until the whole stretch is known to be sound. */
class FoundSeries implements LogVisitor {
  count = 0;
  /** Cells in use up to and with the last series. */
  cellCount: number;
  readonly #metrics: readonly MetricDefinition[];
  /** Metric, first and last byte of the labels, first cell and number of cells of each. */
  readonly #numbers: number[] = [];

  constructor(metrics: readonly MetricDefinition[], cellCount: number) {
    this.#metrics = metrics;
    this.cellCount = cellCount;
  }

  onMetric(): void {}

  onSeries(metric: number, _log: Buffer, from: number, to: number): void {
    const cells = cellsPerSeries(this.#metrics[metric]!);
    if (cells > CELLS_PER_CHUNK) throw new BadLogError(`series of ${cells} cells`);
    const first = placeCells(this.cellCount, cells);
    this.#numbers.push(metric, from, to, first, cells);
    this.cellCount = first + cells;
    this.count++;
  }

  tell(log: Buffer, listener: SlotListener, rules: CellRules): void {
    const numbers = this.#numbers;
    for (let i = 0; i < numbers.length; i += 5) {
      rules.addSeries(this.#metrics[numbers[i]!]!, numbers[i + 3]!);
      listener.onSeries(numbers[i]!, log, numbers[i + 1]!, numbers[i + 2]!);
    }
  }
}
