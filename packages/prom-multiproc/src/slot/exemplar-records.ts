import {
  chunkOfExemplar,
  type Exemplar,
  type ExemplarChunk,
  placeOfExemplar,
} from '../format/exemplar-record.ts';
import { EXEMPLAR_NUMBERS, EXEMPLARS_PER_CHUNK } from '../format/layout.ts';
import type { Cells } from './slot-file.ts';

/** Number of records to keep free. A reader that copies a record may be that many exemplars late. */
const SPARE = 16;
/** References are unique until this many exemplars were written: a reference below 2^53 is exact in a cell. */
const MOST_SEQUENCE = 2 ** 32;

interface ExemplarCells {
  readonly cells: Cells;
  readonly offset: number;
  readonly count: number;
}

/** What the records need of their file. */
export interface ExemplarFile {
  /** Appends a chunk. @throws Error if there is no room */
  addExemplars(): ExemplarChunk;
  /** The number in the file of the first cell of `array`. */
  firstCellOf(array: Float64Array): number;
}

/**
 * The exemplars of a slot file. A cell refers to a record by sequence number and place: FORMAT.md#exemplars. An exemplar is written
 * into a free record, then one store into the cell publishes it and frees the record that the cell referred to before.
 */
export class ExemplarRecords {
  readonly #file: ExemplarFile;
  readonly #onRefused: (error: Error) => void;
  readonly #chunks: ExemplarChunk[] = [];
  readonly #series: ExemplarCells[] = [];
  /** Free records, oldest first: a ring with room for all records. */
  #free = new Int32Array(0);
  #first = 0;
  #count = 0;
  #sequence = 0;
  /** Those with exemplars to store at the next `writeLate`. */
  readonly late = new Set<{ writeLate(): void }>();
  /** The last array of `#numberOf`, and the number of its first cell. */
  #array: Float64Array | undefined;
  #firstCell = 0;
  /** Whether the last attempt to add a chunk failed. */
  #isFull = false;

  /** `onRefused` is called if an exemplar is dropped for lack of room. */
  constructor(file: ExemplarFile, onRefused: (error: Error) => void) {
    this.#file = file;
    this.#onRefused = onRefused;
  }

  /** Adds a series: `count` of its cells, from `offset` on, refer to exemplars. */
  add(cells: Cells, offset: number, count: number): void {
    this.#series.push({ cells, offset, count });
  }

  /**
   * Takes over the chunks of the previous holder. Clears invalid references and those of absent series. Continues with the highest
   * sequence number in any record, as readers take equal references for the same exemplar.
   */
  takeOver(chunks: readonly ExemplarChunk[]): void {
    this.#chunks.push(...chunks);
    const records = this.#chunks.length * EXEMPLARS_PER_CHUNK;
    const used = new Set<number>();
    for (const { cells, offset, count } of this.#series) {
      const { array, base } = cells;
      const isAbsent = Number.isNaN(array[base]!);
      for (let cell = base + offset; cell < base + offset + count; cell++) {
        const reference = array[cell]!;
        if (reference === 0) continue;
        const record = recordOf(reference);
        const isValid = isReference(reference) && record < records && !used.has(record);
        if (!isValid || isAbsent) {
          array[cell] = 0;
          continue;
        }
        used.add(record);
      }
    }
    for (let record = 0; record < records; record++) {
      const reference = this.#chunks[chunkOfExemplar(record)]!.referenceAt(placeOfExemplar(record));
      if (!isReference(reference) || recordOf(reference) !== record) continue;
      this.#sequence = Math.max(this.#sequence, Math.floor(reference / EXEMPLAR_NUMBERS));
    }
    this.#freeAllBut(used);
  }

  /** Lets the next exemplar try again to find room. */
  retry(): void {
    this.#isFull = false;
  }

  /** See `SeriesExemplars.set`. */
  writeLate(): void {
    for (const one of this.late) one.writeLate();
    this.late.clear();
  }

  /**
   * Stores the exemplar of a cell. Hot path.
   * @throws RangeError, as prom-client, if the labels are too long
   */
  write(array: Float64Array, cell: number, labels: object, value: number, time: number): void {
    if (this.#count < SPARE && !this.#isFull) this.#makeRoom();
    if (this.#count === 0) return;
    const record = this.#free[this.#first]!;
    const sequence = (this.#sequence % MOST_SEQUENCE) + 1;
    const reference = sequence * EXEMPLAR_NUMBERS + record;
    const chunk = this.#chunks[chunkOfExemplar(record)]!;
    const number = this.#numberOf(array, cell);
    if (!chunk.write(placeOfExemplar(record), reference, number, labels, value, time)) {
      this.#onRefused(new RangeError('the label names of an exemplar are too long'));
      return;
    }
    this.#sequence = sequence;
    this.#first = this.#first + 1 === this.#free.length ? 0 : this.#first + 1;
    this.#count--;
    const before = array[cell]!;
    array[cell] = reference;
    if (before > 0) this.#release(recordOf(before));
  }

  /** The exemplar of a cell; undefined if it has none. */
  read(array: Float64Array, cell: number): Exemplar | undefined {
    const reference = array[cell]!;
    if (!isReference(reference)) return undefined;
    const record = recordOf(reference);
    const number = this.#numberOf(array, cell);
    return this.#chunks[chunkOfExemplar(record)]?.read(placeOfExemplar(record), reference, number);
  }

  /** The number of a cell in the file. */
  #numberOf(array: Float64Array, cell: number): number {
    if (array !== this.#array) {
      this.#array = array;
      this.#firstCell = this.#file.firstCellOf(array);
    }
    return this.#firstCell + cell;
  }

  #release(record: number): void {
    const end = this.#first + this.#count++;
    this.#free[end % this.#free.length] = record;
  }

  /** Frees the records of removed exemplars, or adds a chunk. */
  #makeRoom(): void {
    const used = new Set<number>();
    for (const { cells, offset, count } of this.#series) {
      const { array, base } = cells;
      for (let cell = base + offset; cell < base + offset + count; cell++) {
        if (array[cell]! > 0) used.add(recordOf(array[cell]!));
      }
    }
    try {
      if (this.#chunks.length * EXEMPLARS_PER_CHUNK < used.size + SPARE) {
        this.#chunks.push(this.#file.addExemplars());
      }
    } catch (error) {
      this.#isFull = true;
      this.#onRefused(error as Error);
    }
    this.#freeAllBut(used);
  }

  #freeAllBut(used: ReadonlySet<number>): void {
    const records = this.#chunks.length * EXEMPLARS_PER_CHUNK;
    this.#free = new Int32Array(records);
    this.#first = 0;
    this.#count = 0;
    for (let record = 0; record < records; record++) if (!used.has(record)) this.#release(record);
  }
}

/** Whether a cell's value may refer to a record. */
export function isReference(value: number): boolean {
  return value >= EXEMPLAR_NUMBERS && value < 2 ** 53 && Math.floor(value) === value;
}

export function recordOf(reference: number): number {
  return reference % EXEMPLAR_NUMBERS;
}
