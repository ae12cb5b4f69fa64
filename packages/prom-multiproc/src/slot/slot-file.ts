import { closeSync, fstatSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  CELLS_PER_CHUNK,
  CHUNK_BYTES,
  CHUNK_OF_CELLS,
  CHUNK_OF_LOG,
  chunkOffset,
  MAGIC,
  MAX_CHUNKS,
  packLogState,
  unpackLogState,
} from '../format/layout.ts';
import { giveBack } from '../os/give-back.ts';
import type { Libc, Mapping } from '../os/libc.ts';
import { readChunkTable, readLog } from './log-reader.ts';
import { mapHeader, mapThroughOwnDescriptor, type SlotHeader } from './slot-header.ts';
import { type HeldSlot, isStillAt } from './slot-lock.ts';

/** Where the values of one series live: `array[base]`, `array[base + 1]`, ... */
export interface Cells {
  readonly array: Float64Array;
  readonly base: number;
}

/** Why a file is of no use any more to the process that holds it. */
export interface Loss {
  readonly reason: string;
  /** Whether cells can still be read: those beyond the end of a file end the process. */
  isReadable(cells: Cells): boolean;
}

export const MAGIC_WORD = MAGIC.readBigUInt64LE(0);

/** The file of a held slot: a log that is appended to, and cells, growing by chunks. */
export class SlotFile {
  readonly path: string;
  readonly header: SlotHeader;
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #mappings: Mapping[] = [];
  readonly #cellChunks: Float64Array[] = [];
  /** Number in the file of each chunk of cells. */
  readonly #cellChunkNumbers: number[] = [];
  readonly #logChunks: number[] = [];
  #logBytes = 0;
  #logCrc = 0;

  constructor(libc: Libc, { path, fd }: HeldSlot) {
    this.#libc = libc;
    this.path = path;
    this.#fd = fd;
    this.header = mapHeader(libc, path);
  }

  /** Number of cells that there is room for. */
  get room(): number {
    return this.#cellChunks.length * CELLS_PER_CHUNK;
  }

  /**
   * Takes up what the file holds and gives its log.
   * @throws BadLogError where it is damaged.
   */
  carryOn(): Buffer {
    const { bytes, crc } = unpackLogState(this.header.logState);
    const table = readChunkTable(this.header, this.#fd);
    const log = readLog(this.#fd, table.log, 0, bytes, 0, crc);
    for (const chunk of table.cells) this.#addCellChunk(chunk, this.#mapCells(chunk));
    this.#logChunks.push(...table.log);
    this.#logBytes = bytes;
    this.#logCrc = crc;
    return log;
  }

  cellsAt(first: number): Cells | undefined {
    const array = this.#cellChunks[Math.floor(first / CELLS_PER_CHUNK)];
    return array && { array, base: first % CELLS_PER_CHUNK };
  }

  /** A copy of all cells. */
  allValues(): Float64Array {
    const values = new Float64Array(this.room);
    for (const [chunk, cells] of this.#cellChunks.entries()) values.set(cells, chunk * CELLS_PER_CHUNK);
    return values;
  }

  /** Appends a record: complete in the file before the log state that publishes it. */
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

  // Mapped before it is published: a chunk that could not be mapped must not become part of the file.
  addCells(): void {
    const cells = this.#mapCells(this.#reserveChunk());
    this.#addCellChunk(this.header.addChunk(CHUNK_OF_CELLS), cells);
  }

  /** How the file was damaged or lost; undefined where it is as this process left it. */
  findLoss(): Loss | undefined {
    const stats = fstatSync(this.#fd);
    const { path } = this;
    if (stats.size < chunkOffset(this.#chunkCount)) {
      const isReadable = (cells: Cells) => this.#endOf(cells) <= stats.size;
      return { reason: `${path} was cut to ${stats.size} bytes`, isReadable };
    }
    if (!isStillAt(path, stats)) {
      return { reason: `${path} was ${stats.nlink === 0 ? 'removed' : 'replaced'}`, isReadable: () => true };
    }
    const { magic, logState } = this.header;
    if (magic === MAGIC_WORD && logState === packLogState(this.#logBytes, this.#logCrc)) return undefined;
    return { reason: `${path} was overwritten`, isReadable: () => false };
  }

  /** Drops what is mapped; no cells may be used any more. For a file that turned out to be damaged. */
  unmap(): void {
    this.#cellChunks.length = 0;
    for (const mapping of this.#mappings) mapping.unmap();
    this.header.unmap();
  }

  /**
   * Abandons a file that is lost. What is left of the lock tells those who have read the file from where it was removed
   * that its holder lives: it is not of a directory that was cleared.
   * @returns what ends that lock.
   */
  abandon(): () => void {
    const fd = this.#fd;
    this.#libc.shareLock(fd);
    for (const mapping of this.#mappings) giveBack(mapping);
    this.header.giveBack();
    return () => closeSync(fd);
  }

  /** Lets go of the slot. Cells handed out before remain mapped and writable. */
  close(): void {
    closeSync(this.#fd);
  }

  get #chunkCount(): number {
    return this.#cellChunks.length + this.#logChunks.length;
  }

  /** Where in the file the chunk ends that these cells are in. */
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
    if (chunk === MAX_CHUNKS) throw new RangeError(`${this.path} is full: ${MAX_CHUNKS} chunks`);
    // Grown again, a file that was cut would pass for whole.
    if (fstatSync(this.#fd).size < chunkOffset(chunk)) throw new Error(`${this.path} was cut short`);
    this.#libc.allocate(this.#fd, chunkOffset(chunk), CHUNK_BYTES);
    return chunk;
  }

  #addCellChunk(chunk: number, cells: Float64Array): void {
    this.#cellChunks.push(cells);
    this.#cellChunkNumbers.push(chunk);
  }

  #mapCells(chunk: number): Float64Array {
    const mapping = mapThroughOwnDescriptor(this.#libc, this.path, chunkOffset(chunk), CHUNK_BYTES);
    this.#mappings.push(mapping);
    return new Float64Array(mapping.buffer);
  }
}
