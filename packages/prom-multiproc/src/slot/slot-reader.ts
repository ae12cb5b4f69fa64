import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { CellRules } from '../format/cell-rules.ts';
import {
  AT_CHUNKS,
  CELLS_PER_CHUNK,
  CHUNK_BYTES,
  cellsPerSeries,
  HEADER_BYTES,
  MAGIC,
  type MetricDefinition,
  packLogState,
  placeCells,
  unpackLogState,
  VERSION,
} from '../format/layout.ts';
import { BadLogError, visitSeries, walkLog } from '../format/log-codec.ts';
import { SeriesCount } from '../format/series-count.ts';
import type { Libc } from '../os/libc.ts';
import { readFully } from '../os/read-fully.ts';
import { grown } from '../util/int-list.ts';
import { CellReader } from './cell-reader.ts';
import { ExemplarReader } from './exemplar-reader.ts';
import { havePrefix, type LogFile } from './log-prefix.ts';
import { readChunkTable, readLog } from './log-reader.ts';
import { SlotHeader } from './slot-header.ts';
import type { SlotListener } from './slot-listener.ts';
import { startedIn } from './started-in.ts';

const magicWord = MAGIC.readBigUInt64LE(0);

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A copy of the header of the file that is being read. All readers of the thread share it. */
const headerBytes = new Uint8Array(HEADER_BYTES);
const header = new SlotHeader({ buffer: headerBytes.buffer, unmap() {} });

/** Another holder has made a new file at the path. It needs its own reader. */
export class FileReplacedError extends BadLogError {
  constructor() {
    super('file was replaced by another holder');
  }
}

/** Maximum number of other logs that a new log is compared with. */
const MAX_COMPARED = 8;

/**
 * Reads one slot file repeatedly: FORMAT.md#reading. Each refresh reads only the new part of the log, and the values. If the file
 * becomes unreadable, `values` keeps the last good values.
 */
export class SlotReader {
  readonly slot: number;
  readonly path: string;
  /** Values of all published cells at the last successful refresh. */
  values = new Float64Array(0);
  /** Number of published cells: the used length of `values`. */
  cellCount = 0;
  /** Whether a living process holds the slot. */
  live = false;
  /** Header fields at the last successful refresh. */
  status = { pid: 0, started: 0, heartbeat: 0, refused: 0, bytes: 0, series: 0 };

  /** Exemplars at the last successful refresh. */
  readonly exemplars = new ExemplarReader();

  readonly #libc: Libc;
  readonly #owner: number;
  readonly #listener: SlotListener;
  readonly #metrics: MetricDefinition[] = [];
  readonly #cells: CellReader;
  readonly #rules = new CellRules();
  #fd: number | undefined;
  #logChunks: readonly number[] = [];
  #exemplarChunks: readonly number[] = [];
  #logBytes = 0;
  #logCrc = 0;
  /** Log state at the last `hasNewRecords()`. */
  #seen = 0n;
  /** Log state at the last `readAhead()`. */
  #readAhead = 0n;

  constructor(libc: Libc, slot: number, path: string, owner: number, listener: SlotListener) {
    this.#libc = libc;
    this.slot = slot;
    this.path = path;
    this.#owner = owner;
    this.#listener = listener;
    this.#cells = new CellReader(libc);
  }

  /**
   * Updates `values`, `live` and `status`. `others` read other slots of the directory: a log prefix that one of them has decoded is
   * not decoded again.
   * @returns false if the file is unborn: created, but its header is not yet written.
   * @throws Error if the file cannot be trusted; the message says why. The values read before are kept.
   */
  refresh(others: readonly SlotReader[] = []): boolean {
    try {
      return this.#read(others);
    } catch (error) {
      this.keepValues();
      throw error;
    }
  }

  /**
   * Returns true if the log has new records and is unchanged since the last call, so it has stopped growing. With `growing`, a log
   * that still grows also counts. Returns false for an unreadable log until it changes.
   * @throws Error if the file cannot be trusted.
   */
  hasNewRecords(growing = false): boolean {
    // Most calls end here, after one short read.
    if (this.#fd !== undefined && readFully(this.#fd, headerBytes, AT_CHUNKS, 0) === AT_CHUNKS) {
      if (this.#isKnown(header.logState)) return false;
    }
    if (this.#openTrusted() === undefined) return false;
    const { logState } = header;
    const isStable = logState === this.#seen;
    this.#seen = logState;
    return (growing || isStable) && !this.#isKnown(logState);
  }

  #isKnown(logState: bigint): boolean {
    return logState === this.#readAhead || logState === packLogState(this.#logBytes, this.#logCrc);
  }

  /** Reads the new part of the log but no values, which are absent until `refresh()`. @throws Error as `refresh()`. */
  readAhead(others: readonly SlotReader[]): void {
    const file = this.#openTrusted();
    if (file === undefined) return;
    this.#readAhead = header.logState;
    this.#readNewLog(file.fd, header.logState, others);
  }

  /** Keeps the last values and updates only `live`: gauges are shown while the holder is alive. */
  keepValues(): void {
    this.live &&= this.#fd !== undefined && this.#libc.isLockedByAnother(this.#fd);
  }

  /** Whether the file that was read is no longer at its path and not locked, as after the directory was cleared. */
  isCleared(): boolean {
    const now = lstatSync(this.path, { throwIfNoEntry: false });
    if (this.#fd === undefined) return now === undefined;
    const held = fstatSync(this.#fd);
    if (now?.ino === held.ino && now.dev === held.dev) return false;
    return !this.#libc.isLockedByAnother(this.#fd) && !this.#libc.isSharedByOthers(this.#fd);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#cells.close();
  }

  #read(others: readonly SlotReader[]): boolean {
    const file = this.#openTrusted();
    if (file === undefined) return false;
    const { fd, size } = file;
    const { started, logState } = header;
    this.#readNewLog(fd, logState, others);
    const loaded = this.#cells.load(fd, this.cellCount);
    const held = this.#libc.isLockedByAnother(fd);
    // A file that was truncated and grown again while it was read gave zeros.
    if (
      readHeader(fd) < HEADER_BYTES ||
      header.magic !== magicWord ||
      header.chunks < this.#cells.chunkCount
    ) {
      throw new BadLogError('file was overwritten while it was read');
    }
    const { pid, heartbeat, refused } = header;
    this.#rules.check(loaded);
    this.values.set(loaded);
    this.exemplars.load(fd, this.#exemplarChunks, loaded, (cell) => this.#cells.copyOne(fd, cell));
    // If `started` has changed, a new holder has the lock, but the values may be the gauges of the previous holder.
    this.live = held && started > 0 && header.started === started;
    this.status = { ...this.status, pid, started, heartbeat, refused, bytes: size };
    return true;
  }

  /** Opens the file and reads its header; undefined if it is unborn. @throws Error if it cannot be trusted. */
  #openTrusted(): { readonly fd: number; readonly size: number } | undefined {
    const fd = this.#open();
    const { uid } = fstatSync(fd);
    if (uid !== this.#owner)
      throw new BadLogError(`owner is user id ${uid}, the directory's is ${this.#owner}`);
    const headerBytes = readHeader(fd);
    const { size } = fstatSync(fd);
    if (headerBytes < HEADER_BYTES && this.#logBytes === 0) return undefined;
    if (headerBytes < HEADER_BYTES) throw new BadLogError(`file is truncated: ${headerBytes} bytes`);
    if (header.magic === 0n && size === HEADER_BYTES && this.#logBytes === 0) return undefined;
    if (header.magic !== magicWord) throw new BadLogError('magic is wrong: not a slot file');
    if (header.version !== VERSION)
      throw new BadLogError(`format version is ${header.version}, expected ${VERSION}`);
    return { fd, size };
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
      // Nothing was read from the old file: it was unborn, and a writer has replaced it.
      this.close();
      return this.#open();
    }
    // With the same `started` the new file is a copy, whose values would count twice. With 0 its slot is still being taken.
    const started = now.isFile() ? startedIn(this.path, OPEN_FLAGS) : 0;
    if (started > 0 && started !== this.status.started) throw new FileReplacedError();
    throw new BadLogError('file was replaced');
  }

  #readNewLog(fd: number, logState: bigint, others: readonly SlotReader[]): void {
    const { bytes, crc } = unpackLogState(logState);
    // The log state is read before the chunk table, because chunks are published before the records that need them.
    if (readHeader(fd) < HEADER_BYTES) throw new BadLogError('file is truncated within its header');
    const table = readChunkTable(header, fd);
    this.#cells.requireChunks(table.cells);
    this.#exemplarChunks = table.exemplars;
    if (bytes === this.#logBytes && crc === this.#logCrc) return;
    const prefix =
      this.#logBytes === 0 ? this.#findPrefix({ fd, chunks: table.log }, bytes, others) : undefined;
    const known = prefix ?? this;
    const rest = readLog(fd, table.log, known.#logBytes, bytes, known.#logCrc, crc);
    const metrics = known.#metrics.slice();
    const found = new SeriesCount(metrics, known.cellCount);
    walkLog(rest, metrics, found);
    if (found.cellCount > table.cells.length * CELLS_PER_CHUNK) {
      throw new BadLogError(`${found.cellCount} cells exceed ${table.cells.length} chunks of cells`);
    }
    // Everything is checked. Nothing below throws, so that a file is taken in completely or not at all.
    this.#cells.addChunks(table.cells);
    if (prefix !== undefined) this.#copyFrom(prefix);
    for (let ordinal = this.#metrics.length; ordinal < metrics.length; ordinal++) {
      this.#metrics.push(metrics[ordinal]!);
      this.#listener.onMetric(metrics[ordinal]!);
    }
    visitSeries(rest, {
      onSeries: (metric, log, from, to) => {
        const definition = metrics[metric]!;
        const cells = cellsPerSeries(definition);
        const first = placeCells(this.cellCount, cells);
        this.cellCount = first + cells;
        this.#rules.addSeries(definition);
        this.exemplars.addSeries(definition, first);
        this.#listener.onSeries(metric, log, from, to);
      },
    });
    const loaded = this.values.length;
    this.values = grown(this.values, found.cellCount).fill(Number.NaN, loaded);
    this.status = { ...this.status, series: this.status.series + found.count };
    this.#logChunks = table.log;
    this.#logBytes = bytes;
    this.#logCrc = crc;
  }

  /** The reader with the longest log that is a prefix of the log in `file`. */
  #findPrefix(file: LogFile, bytes: number, others: readonly SlotReader[]): SlotReader | undefined {
    const most = Math.min(bytes, file.chunks.length * CHUNK_BYTES);
    return others
      .filter((other) => other.#fd !== undefined && other.#logBytes > 0 && other.#logBytes <= most)
      .sort((a, b) => b.#logBytes - a.#logBytes)
      .slice(0, MAX_COMPARED)
      .find((other) => havePrefix(file, other.#logFile, other.#logBytes, other.#logCrc));
  }

  get #logFile(): LogFile {
    return { fd: this.#fd!, chunks: this.#logChunks };
  }

  #copyFrom(other: SlotReader): void {
    this.#metrics.push(...other.#metrics);
    this.#rules.copyFrom(other.#rules);
    this.exemplars.copySeries(other.exemplars);
    this.#listener.onSameAs(other.#listener);
    this.cellCount = other.cellCount;
    this.status = { ...this.status, series: other.status.series };
  }
}

/** Copies the header. It is not mapped, because a load from a truncated file raises SIGBUS. @returns the number of bytes read. */
function readHeader(fd: number): number {
  return readFully(fd, headerBytes, HEADER_BYTES, 0);
}
