import { closeSync, fstatSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ExemplarChunk } from '../format/exemplar-record.ts';
import {
  CELLS_PER_CHUNK,
  CHUNK_BYTES,
  CHUNK_OF_CELLS,
  CHUNK_OF_EXEMPLARS,
  CHUNK_OF_LOG,
  chunkOffset,
  MAGIC,
  MAX_CHUNKS,
  packLogState,
  unpackLogState,
} from '../format/layout.ts';
import type { Libc, Mapping } from '../os/libc.ts';
import { unmapLater } from '../os/unmap-later.ts';
import type { ExemplarFile, ExemplarRecords } from './exemplar-records.ts';
import { readChunkTable, readLog } from './log-reader.ts';
import { mapHeader, mapThroughOwnDescriptor, type SlotHeader } from './slot-header.ts';
import { type HeldSlot, isStillAt } from './slot-lock.ts';

/** The position of the values of one series: `array[base]`, `array[base + 1]`, ... */
export interface Cells {
  readonly array: Float64Array;
  readonly base: number;
  /** Those of the file, if the series has exemplars. */
  readonly exemplars?: ExemplarRecords;
}

/** Why the process that holds a file can no longer use it. */
export interface Loss {
  readonly reason: string;
  /** Whether the values of cells can still be read. An access beyond the end of a mapped file raises SIGBUS (mmap(2)). */
  isReadable(cells: Cells): boolean;
}

export const MAGIC_WORD = MAGIC.readBigUInt64LE(0);

/** The file of a slot that this process holds. It grows by chunks of log, of cells and of exemplars: FORMAT.md#file. */
export class SlotFile implements ExemplarFile {
  readonly path: string;
  readonly header: SlotHeader;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #mappings: Mapping[] = [];
  readonly #cellChunks: Float64Array[] = [];
  /** The number in the file of each chunk of cells. */
  readonly #cellChunkNumbers: number[] = [];
  readonly #logChunks: number[] = [];
  readonly #exemplarChunks: ExemplarChunk[] = [];
  #logBytes = 0;
  #logCrc = 0;

  constructor(libc: Libc, { path, fd }: HeldSlot) {
    this.#libc = libc;
    this.path = path;
    this.#fd = fd;
    this.header = mapHeader(libc, path);
  }

  /** Number of cells in the chunks of cells. */
  get capacity(): number {
    return this.#cellChunks.length * CELLS_PER_CHUNK;
  }

  /**
   * Maps the cells of an existing file and returns its log.
   * @throws BadLogError if the file is damaged.
   */
  takeOver(): Buffer {
    const { bytes, crc } = unpackLogState(this.header.logState);
    const table = readChunkTable(this.header, this.#fd);
    const log = readLog(this.#fd, table.log, 0, bytes, 0, crc);
    for (const chunk of table.cells) this.#addCellChunk(chunk, new Float64Array(this.#map(chunk)));
    for (const chunk of table.exemplars) this.#exemplarChunks.push(new ExemplarChunk(this.#map(chunk)));
    this.#logChunks.push(...table.log);
    this.#logBytes = bytes;
    this.#logCrc = crc;
    return log;
  }

  cellsAt(first: number): Cells | undefined {
    const array = this.#cellChunks[Math.floor(first / CELLS_PER_CHUNK)];
    return array && { array, base: first % CELLS_PER_CHUNK };
  }

  firstCellOf(array: Float64Array): number {
    return this.#cellChunks.indexOf(array) * CELLS_PER_CHUNK;
  }

  /** A copy of all cells. */
  allValues(): Float64Array {
    const values = new Float64Array(this.capacity);
    for (const [chunk, cells] of this.#cellChunks.entries()) values.set(cells, chunk * CELLS_PER_CHUNK);
    return values;
  }

  /** Appends a record. It is complete in the file before the log state publishes it: FORMAT.md#writing. */
  append(record: Buffer): void {
    const from = this.#logBytes;
    const to = from + record.length;
    while (to > this.#logChunks.length * CHUNK_BYTES) this.#addLog();
    for (let at = from; at < to; ) {
      const within = at % CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - within, to - at);
      const position = chunkOffset(this.#logChunks[Math.floor(at / CHUNK_BYTES)]!) + within;
      at += writeSync(this.#fd, record, at - from, length, position);
    }
    const crc = crc32(record, this.#logCrc);
    this.header.logState = packLogState(to, crc);
    this.#logBytes = to;
    this.#logCrc = crc;
  }

  // The chunk is mapped before it is published. A chunk that cannot be mapped must not become part of the file.
  addCells(): void {
    const cells = new Float64Array(this.#map(this.#reserveChunk()));
    this.#addCellChunk(this.header.addChunk(CHUNK_OF_CELLS), cells);
  }

  addExemplars(): ExemplarChunk {
    const chunk = new ExemplarChunk(this.#map(this.#reserveChunk()));
    this.header.addChunk(CHUNK_OF_EXEMPLARS);
    this.#exemplarChunks.push(chunk);
    return chunk;
  }

  get exemplarChunks(): readonly ExemplarChunk[] {
    return this.#exemplarChunks;
  }

  /** How the file was damaged or lost; undefined if it is intact. */
  findLoss(): Loss | undefined {
    const stats = fstatSync(this.#fd);
    const { path } = this;
    if (stats.size < chunkOffset(this.#chunkCount)) {
      const isReadable = (cells: Cells) => this.#endOf(cells) <= stats.size;
      return { reason: `${path} was truncated to ${stats.size} bytes`, isReadable };
    }
    if (!isStillAt(path, stats)) {
      return { reason: `${path} was ${stats.nlink === 0 ? 'removed' : 'replaced'}`, isReadable: () => true };
    }
    const { magic, logState } = this.header;
    if (magic === MAGIC_WORD && logState === packLogState(this.#logBytes, this.#logCrc)) return undefined;
    return { reason: `${path} was overwritten`, isReadable: () => false };
  }

  /** Unmaps a damaged file. Its cells must not be used any more. */
  unmap(): void {
    this.#cellChunks.length = 0;
    for (const mapping of this.#mappings) mapping.unmap();
    this.header.unmap();
  }

  /**
   * Abandons a lost file. A read lock remains on it, by which readers can tell a removed file from a cleared directory:
   * FORMAT.md#taking-a-slot.
   * @returns a function that releases this lock.
   */
  abandon(): () => void {
    const fd = this.#fd;
    this.#libc.shareLock(fd);
    for (const mapping of this.#mappings) unmapLater(mapping);
    this.header.unmapLater();
    return () => closeSync(fd);
  }

  /** Releases the slot. Its cells remain mapped and writable. */
  close(): void {
    closeSync(this.#fd);
  }

  get #chunkCount(): number {
    return this.#cellChunks.length + this.#logChunks.length + this.#exemplarChunks.length;
  }

  /** Offset in the file of the end of the chunk that contains these cells. */
  #endOf({ array }: Cells): number {
    const chunk = this.#cellChunkNumbers[this.#cellChunks.indexOf(array)]!;
    return chunkOffset(chunk + 1);
  }

  #addLog(): void {
    this.#reserveChunk();
    this.#logChunks.push(this.header.addChunk(CHUNK_OF_LOG));
  }

  #reserveChunk(): number {
    const chunk = this.#chunkCount;
    if (chunk === MAX_CHUNKS) {
      throw new RangeError(
        `${this.path} is full (${(MAX_CHUNKS * CHUNK_BYTES) / 2 ** 20} MiB): use labels with fewer values, and clear the directory before the next start`,
      );
    }
    // If a truncated file grew again, readers could not detect the loss.
    if (fstatSync(this.#fd).size < chunkOffset(chunk))
      throw new Error(`${this.path} was truncated: this process takes another slot at its next refresh`);
    this.#libc.allocate(this.#fd, chunkOffset(chunk), CHUNK_BYTES);
    return chunk;
  }

  #addCellChunk(chunk: number, cells: Float64Array): void {
    this.#cellChunks.push(cells);
    this.#cellChunkNumbers.push(chunk);
  }

  #map(chunk: number): ArrayBuffer {
    const mapping = mapThroughOwnDescriptor(this.#libc, this.path, chunkOffset(chunk), CHUNK_BYTES);
    this.#mappings.push(mapping);
    return mapping.buffer;
  }
}
