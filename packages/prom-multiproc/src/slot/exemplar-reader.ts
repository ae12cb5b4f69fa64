import { chunkOfExemplar, type Exemplar, ExemplarChunk, placeOfExemplar } from '../format/exemplar-record.ts';
import {
  chunkOffset,
  EXEMPLAR_BYTES,
  exemplarCells,
  type MetricDefinition,
  valueCells,
} from '../format/layout.ts';
import { readFully } from '../os/read-fully.ts';
import { IntList } from '../util/int-list.ts';
import { isReference, recordOf } from './exemplar-records.ts';

/** The record that is being read. All readers of the thread share it. */
const bytes = new Uint8Array(EXEMPLAR_BYTES);
const record = new ExemplarChunk(bytes.buffer);

/** Readings of a cell whose record was overwritten meanwhile. */
const MOST_READINGS = 4;

/** Numbers stored for a series: its first cell, the offset of its first exemplar cell, and the number of exemplar cells. */
const SERIES = 3;

/** Reads the exemplars of one slot file: FORMAT.md#exemplars. An exemplar that cannot be read whole is missing. */
export class ExemplarReader {
  /** The exemplars at the last `load`, by cell. */
  readonly all = new Map<number, Exemplar>();
  /** The reference of each exemplar in `all`. */
  readonly #references = new Map<number, number>();
  readonly #series = new IntList();

  /** Adds the next series, whose first cell is `first`. */
  addSeries(definition: MetricDefinition, first: number): void {
    const count = exemplarCells(definition);
    if (count === 0) return;
    for (const number of [first, valueCells(definition), count]) this.#series.push(number);
  }

  copySeries(other: ExemplarReader): void {
    this.#series.copyFrom(other.#series);
  }

  /**
   * Reads what is new. `values` are the cells, `chunks` the numbers of the chunks of exemplars. `readAgain` reads a cell once more; NaN
   * if it changes meanwhile.
   */
  load(
    fd: number,
    chunks: readonly number[],
    values: Float64Array,
    readAgain: (cell: number) => number,
  ): void {
    const { array, length } = this.#series;
    for (let i = 0; i < length; i += SERIES) {
      const first = array[i]!;
      const from = first + array[i + 1]!;
      const isAbsent = Number.isNaN(values[first]!);
      for (let cell = from; cell < from + array[i + 2]!; cell++) {
        const reference = isAbsent ? 0 : values[cell]!;
        if (reference === (this.#references.get(cell) ?? 0)) continue;
        this.#loadOne(fd, chunks, cell, reference, readAgain);
      }
    }
  }

  #loadOne(
    fd: number,
    chunks: readonly number[],
    cell: number,
    shown: number,
    readAgain: (cell: number) => number,
  ): void {
    let reference = shown;
    for (let readings = 0; readings < MOST_READINGS && isReference(reference); readings++) {
      const found = readRecord(fd, chunks, reference, cell);
      if (found !== undefined) {
        this.all.set(cell, found);
        this.#references.set(cell, reference);
        return;
      }
      reference = readAgain(cell);
    }
    this.all.delete(cell);
    this.#references.delete(cell);
  }
}

function readRecord(
  fd: number,
  chunks: readonly number[],
  reference: number,
  cell: number,
): Exemplar | undefined {
  const number = recordOf(reference);
  const chunk = chunks[chunkOfExemplar(number)];
  if (chunk === undefined) return undefined;
  const position = chunkOffset(chunk) + placeOfExemplar(number) * EXEMPLAR_BYTES;
  if (readFully(fd, bytes, EXEMPLAR_BYTES, position) < EXEMPLAR_BYTES) return undefined;
  return record.read(0, reference, cell);
}
