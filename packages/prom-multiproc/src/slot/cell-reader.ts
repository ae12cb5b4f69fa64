import { fstatSync } from 'node:fs';
import { CELLS_PER_CHUNK, CHUNK_BYTES, chunkOffset } from '../format/layout.ts';
import { BadLogError } from '../format/log-codec.ts';
import type { Libc, Mapping } from '../os/libc.ts';
import { readFully } from '../os/read-fully.ts';

/** The copied values until they are checked. All readers of the thread share it. */
let incoming = new Float64Array(0);
/** The second copy of the cells of one chunk. Both arrays are 8-byte aligned in memory, as cells are in a file. */
const again = new Float64Array(CELLS_PER_CHUNK);

/** Loads the cells of one slot file. Gives no torn values and causes no SIGBUS if the file is truncated: FORMAT.md#reading. */
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

  /** @throws BadLogError if `chunks` does not begin with the known chunks. */
  requireChunks(chunks: readonly number[]): void {
    if (this.#chunks.some((chunk, i) => chunk !== chunks[i])) throw new BadLogError('chunks were changed');
  }

  /** Adds new chunks. `chunks` are all chunks of cells, with the known ones first. */
  addChunks(chunks: readonly number[]): void {
    this.#chunks.push(...chunks.slice(this.#chunks.length));
  }

  /**
   * Loads the first `count` cells, unchecked. The array is valid until any reader of the thread loads again.
   * @throws BadLogError if the file is too short.
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

  /** Reads one cell; NaN if it changes meanwhile or the file is too short. */
  copyOne(fd: number, cell: number): number {
    const copies = new Float64Array(2);
    const chunk = this.#chunks[Math.floor(cell / CELLS_PER_CHUNK)]!;
    const position = chunkOffset(chunk) + (cell % CELLS_PER_CHUNK) * 8;
    for (const at of [0, 8]) {
      if (readFully(fd, new Uint8Array(copies.buffer, at), 8, position) < 8) return Number.NaN;
    }
    return copies[0] === copies[1] ? copies[0]! : Number.NaN;
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
      throw new BadLogError(`file is truncated: it ends before byte ${position + bytes.length}`);
    }
    return bytes;
  }

  /** If the two copies of a cell differ, loads this cell from the mapping, with one 8-byte load. */
  #loadChanged(fd: number, chunk: number, copy: Float64Array, other: Float64Array): void {
    const cells = this.#map(fd, chunk);
    const end = chunkOffset(this.#chunks[chunk]! + 1);
    const { size } = fstatSync(fd);
    if (size < end) throw new BadLogError(`file is truncated: ${size} bytes, expected ${end}`);
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
