import { fstatSync } from 'node:fs';
import { CELLS_PER_CHUNK, CHUNK_BYTES, chunkOffset } from '../format/layout.ts';
import { BadLogError } from '../format/log-codec.ts';
import type { Libc, Mapping } from '../os/libc.ts';
import { readFully } from '../os/read-fully.ts';

/** Where values are copied to until they are known to be good; for all readers of the thread. */
let incoming = new Float64Array(0);
/** Cells of one chunk, copied once more. Both begin at a multiple of 8 in memory, as cells do in a file. */
const again = new Float64Array(CELLS_PER_CHUNK);

/**
 * Loads the cells of one slot file. A load from a mapping beyond the end of its file ends the process, so cells are
 * copied by `pread`. That may give half of an old and half of a new value: each is copied twice, and one that changed
 * meanwhile is loaded from a mapping, right after the file was seen to reach that far.
 */
export class CellReader {
  readonly #libc: Libc;
  /** Numbers of the chunks of cells, in file order. */
  readonly #chunks: number[] = [];
  readonly #mapped: (Float64Array | undefined)[] = [];
  readonly #mappings: Mapping[] = [];

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  get chunkCount(): number {
    return this.#chunks.length;
  }

  /** @throws BadLogError where the first of these chunks are not those known. */
  requireChunks(chunks: readonly number[]): void {
    if (this.#chunks.some((chunk, i) => chunk !== chunks[i])) throw new BadLogError('chunks were changed');
  }

  /** `chunks` are all chunks of cells, those known first. */
  addChunks(chunks: readonly number[]): void {
    this.#chunks.push(...chunks.slice(this.#chunks.length));
  }

  /**
   * The first `count` cells as they are now, good or not, until any reader of the thread loads the next.
   * @throws BadLogError where the file has become too short.
   */
  load(fd: number, count: number): Float64Array {
    if (incoming.length < count) incoming = new Float64Array(this.#chunks.length * CELLS_PER_CHUNK);
    for (let chunk = 0, start = 0; start < count; chunk++, start += CELLS_PER_CHUNK) {
      const cells = Math.min(CELLS_PER_CHUNK, count - start);
      const copy = incoming.subarray(start, start + cells);
      const other = again.subarray(0, cells);
      const first = this.#copy(fd, chunk, copy);
      const second = this.#copy(fd, chunk, other);
      if (Buffer.compare(first, second) !== 0) this.#loadChanged(fd, chunk, copy, other);
    }
    return incoming.subarray(0, count);
  }

  close(): void {
    this.#chunks.length = 0;
    this.#mapped.length = 0;
    for (const mapping of this.#mappings.splice(0)) mapping.unmap();
  }

  #copy(fd: number, chunk: number, cells: Float64Array): Uint8Array {
    const bytes = new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);
    const position = chunkOffset(this.#chunks[chunk]!);
    if (readFully(fd, bytes, bytes.length, position) < bytes.length) {
      throw new BadLogError(`file is cut short: it ends before byte ${position + bytes.length}`);
    }
    return bytes;
  }

  /** Loads those cells anew, by one 8-byte load each, in which the two copies differ. */
  #loadChanged(fd: number, chunk: number, copy: Float64Array, other: Float64Array): void {
    const cells = this.#map(fd, chunk);
    const end = chunkOffset(this.#chunks[chunk]! + 1);
    const { size } = fstatSync(fd);
    if (size < end) throw new BadLogError(`file is cut short: ${size} bytes, ${end} in use`);
    for (let i = 0; i < copy.length; i++) {
      if (!Object.is(copy[i], other[i])) copy[i] = cells[i]!;
    }
  }

  #map(fd: number, chunk: number): Float64Array {
    let cells = this.#mapped[chunk];
    if (cells === undefined) {
      const mapping = this.#libc.mmap(fd, chunkOffset(this.#chunks[chunk]!), CHUNK_BYTES, false);
      this.#mappings.push(mapping);
      cells = new Float64Array(mapping.buffer);
      this.#mapped[chunk] = cells;
    }
    return cells;
  }
}
