import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { CellRules } from '../format/cell-rules.ts';
import {
  AT_CHUNKS,
  AT_STARTED,
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
import { beginAlike, type LogFile } from './log-prefix.ts';
import { readChunkTable, readLog } from './log-reader.ts';
import { SlotHeader } from './slot-header.ts';
import type { SlotListener } from './slot-listener.ts';

const magicWord = MAGIC.readBigUInt64LE(0);

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The header of the file that is being read; for all readers of the thread. */
const headerBytes = new Uint8Array(HEADER_BYTES);
const header = new SlotHeader({ buffer: headerBytes.buffer, unmap() {} });

/** Another file is now at the path: it is to be read by a reader of its own. */
export class FileReplacedError extends BadLogError {
  constructor() {
    super('file was replaced by that of another holder');
  }
}

/** With how many other logs one that was never read is compared at most. */
const MAX_COMPARED = 8;

/**
 * Reads one slot file, again and again, each time only what is new of its log. Values are copied into `values`; where the
 * file has become unreadable, `values` keeps the last good ones.
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
  status = { pid: 0, started: 0, heartbeat: 0, refused: 0, bytes: 0, series: 0 };

  readonly #libc: Libc;
  readonly #owner: number;
  readonly #listener: SlotListener;
  readonly #metrics: MetricDefinition[] = [];
  readonly #cells: CellReader;
  readonly #rules = new CellRules();
  #fd: number | undefined;
  #logChunks: readonly number[] = [];
  #logBytes = 0;
  #logCrc = 0;
  /** State of the log at the last look, and when it was last read ahead. */
  #lookedAt = 0n;
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
   * Brings `values`, `live` and `status` up to date. `others` read other slots of the directory: many slots' logs begin
   * alike, and what is the same is looked at once.
   * @returns false where the file is unborn and holds nothing yet.
   * @throws Error where the file cannot be trusted; the message says why. What was read before stays as it was.
   */
  refresh(others: readonly SlotReader[] = []): boolean {
    try {
      return this.#read(others);
    } catch (error) {
      this.hold();
      throw error;
    }
  }

  /**
   * Whether there is something new in the log, which has stood still since the last look, unless `growing` will do. Of what
   * could not be read there is no news until it changes.
   * @throws Error where the file cannot be trusted.
   */
  hasNews(growing = false): boolean {
    // All that most looks come to: they are many.
    if (this.#fd !== undefined && readFully(this.#fd, headerBytes, AT_CHUNKS, 0) === AT_CHUNKS) {
      if (this.#isKnown(header.logState)) return false;
    }
    if (this.#trusted() === undefined) return false;
    const { logState } = header;
    const standsStill = logState === this.#lookedAt;
    this.#lookedAt = logState;
    return (growing || standsStill) && !this.#isKnown(logState);
  }

  #isKnown(logState: bigint): boolean {
    return logState === this.#readAhead || logState === packLogState(this.#logBytes, this.#logCrc);
  }

  /** Reads what is new of the log, and no values: these are absent until `refresh`. @throws Error as that does. */
  readAhead(others: readonly SlotReader[]): void {
    const file = this.#trusted();
    if (file === undefined) return;
    this.#readAhead = header.logState;
    this.#readNewLog(file.fd, header.logState, others);
  }

  /** Leaves all as it was last read. Gauges are good for as long as their holder lives. */
  hold(): void {
    this.live &&= this.#fd !== undefined && this.#libc.isLockedByAnother(this.#fd);
  }

  /** Whether what was read before is no longer at its path, and nobody holds it: as after the directory was cleared. */
  isGone(): boolean {
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
    const file = this.#trusted();
    if (file === undefined) return false;
    const { fd, size } = file;
    const { started, logState } = header;
    this.#readNewLog(fd, logState, others);
    const loaded = this.#cells.load(fd, this.cellCount);
    const held = this.#libc.isLockedByAnother(fd);
    // A file cut and grown again meanwhile gave zeros.
    if (
      readHeader(fd) < HEADER_BYTES ||
      header.magic !== magicWord ||
      header.chunks < this.#cells.chunkCount
    ) {
      throw new BadLogError('file was overwritten while it was read');
    }
    const { pid, heartbeat, refused } = header;
    this.#rules.check(loaded, this.cellCount, this.values);
    this.values.set(loaded);
    // One holder throughout: a new one's lock must not show the gauges of the one before it.
    this.live = held && started > 0 && header.started === started;
    this.status = { ...this.status, pid, started, heartbeat, refused, bytes: size };
    return true;
  }

  /** Opens the file and loads its header; undefined where it is unborn. @throws Error where it cannot be trusted. */
  #trusted(): { readonly fd: number; readonly size: number } | undefined {
    const fd = this.#open();
    const { uid } = fstatSync(fd);
    if (uid !== this.#owner)
      throw new BadLogError(`owner is user id ${uid}, the directory's is ${this.#owner}`);
    const headerBytes = readHeader(fd);
    const { size } = fstatSync(fd);
    if (headerBytes < HEADER_BYTES && this.#logBytes === 0) return undefined;
    if (headerBytes < HEADER_BYTES) throw new BadLogError(`file is cut short: ${headerBytes} bytes`);
    if (header.magic === 0n && size === HEADER_BYTES && this.#logBytes === 0) return undefined;
    if (header.magic !== magicWord) throw new BadLogError('magic is not that of a slot file');
    if (header.version !== VERSION) throw new BadLogError(`version is ${header.version}, not ${VERSION}`);
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
      // Nothing was read from it: it is unborn, and its maker puts the file to stay in its place.
      this.close();
      return this.#open();
    }
    // A copy of the file would be counted twice; one that a new holder made is of a later start, 0 until it is taken.
    const started = now.isFile() ? startedIn(this.path) : 0;
    if (started > 0 && started !== this.status.started) throw new FileReplacedError();
    throw new BadLogError('file was replaced');
  }

  #readNewLog(fd: number, logState: bigint, others: readonly SlotReader[]): void {
    const { bytes, crc } = unpackLogState(logState);
    // The state was copied before the chunk table: chunks are published before the records that need them.
    if (readHeader(fd) < HEADER_BYTES) throw new BadLogError('file is cut short within its header');
    const table = readChunkTable(header, fd);
    this.#cells.requireChunks(table.cells);
    if (bytes === this.#logBytes && crc === this.#logCrc) return;
    const twin = this.#logBytes === 0 ? this.#twin({ fd, chunks: table.log }, bytes, others) : undefined;
    const known = twin ?? this;
    const rest = readLog(fd, table.log, known.#logBytes, bytes, known.#logCrc, crc);
    const metrics = known.#metrics.slice();
    const found = new SeriesCount(metrics, known.cellCount);
    walkLog(rest, metrics, found);
    if (found.cellCount > table.cells.length * CELLS_PER_CHUNK) {
      throw new BadLogError(`cells up to ${found.cellCount} in ${table.cells.length} chunks`);
    }
    // All is sound: from here on nothing fails, so a file is taken in whole or not at all.
    this.#cells.addChunks(table.cells);
    if (twin !== undefined) this.#beginAs(twin);
    for (let ordinal = this.#metrics.length; ordinal < metrics.length; ordinal++) {
      this.#metrics.push(metrics[ordinal]!);
      this.#listener.onMetric(metrics[ordinal]!);
    }
    this.#listener.onLog(found.count);
    this.#rules.reserve(found.cellCount);
    visitSeries(rest, {
      onSeries: (metric, log, from, to) => {
        const definition = metrics[metric]!;
        const cells = cellsPerSeries(definition);
        const first = placeCells(this.cellCount, cells);
        this.cellCount = first + cells;
        this.#rules.addSeries(definition, first);
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

  /** Whose log is the longest that the one in `file` begins with. */
  #twin(file: LogFile, bytes: number, others: readonly SlotReader[]): SlotReader | undefined {
    const most = Math.min(bytes, file.chunks.length * CHUNK_BYTES);
    return others
      .filter((other) => other.#fd !== undefined && other.#logBytes > 0 && other.#logBytes <= most)
      .sort((a, b) => b.#logBytes - a.#logBytes)
      .slice(0, MAX_COMPARED)
      .find((other) => beginAlike(file, other.#logFile, other.#logBytes, other.#logCrc));
  }

  get #logFile(): LogFile {
    return { fd: this.#fd!, chunks: this.#logChunks };
  }

  #beginAs(other: SlotReader): void {
    this.#metrics.push(...other.#metrics);
    this.#rules.beginAs(other.#rules, other.cellCount);
    this.#listener.onSameAs(other.#listener);
    this.cellCount = other.cellCount;
    this.status = { ...this.status, series: other.status.series };
  }
}

/** Copies the header: a mapping of a file that is cut ends who loads from it. How many bytes of it there are. */
function readHeader(fd: number): number {
  return readFully(fd, headerBytes, HEADER_BYTES, 0);
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
