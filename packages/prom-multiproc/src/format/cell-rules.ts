import { IntList } from '../util/int-list.ts';
import { cellsPerSeries, type MetricDefinition, placeCells } from './layout.ts';
import { BadLogError } from './log-codec.ts';

/** A double represents whole numbers exactly up to here. */
const MAX_COUNT = 2 ** 53;

/** The rules of series by type: the first cell, then the next cells. */
const NO_RULE = 0;
const NOT_NEGATIVE = 1;
const ONE_COUNT = 2;
const ALL_COUNTS = 3;
const KINDS = 4;

const KIND_OF = { counter: NOT_NEGATIVE, gauge: NO_RULE, histogram: ALL_COUNTS, summary: ONE_COUNT };

/** Checks the cells of one file for values that a writer cannot have stored: FORMAT.md#damage. */
export class CellRules {
  /** Runs of series with the same rule: their number, then `KINDS` times the cells of each plus the kind. */
  readonly #runs = new IntList();

  copyFrom(other: CellRules): void {
    this.#runs.copyFrom(other.#runs);
  }

  /** Adds the next series of the file. */
  addSeries(definition: MetricDefinition): void {
    const rule = cellsPerSeries(definition) * KINDS + KIND_OF[definition.type];
    const { array, length } = this.#runs;
    if (length > 0 && array[length - 1] === rule) {
      array[length - 2]!++;
    } else {
      this.#runs.push(1);
      this.#runs.push(rule);
    }
  }

  /** @throws BadLogError at the first invalid value. */
  check(values: Float64Array): void {
    const { array, length } = this.#runs;
    let next = 0;
    for (let run = 0; run < length; run += 2) {
      const count = array[run]!;
      const kind = array[run + 1]! % KINDS;
      const cells = (array[run + 1]! - kind) / KINDS;
      if (kind === NOT_NEGATIVE) {
        checkNotNegative(values, next, next + count);
        next += count;
        continue;
      }
      const counts = kind === ALL_COUNTS ? cells - 1 : kind === ONE_COUNT ? 1 : 0;
      for (let i = 0; i < count; i++) {
        const first = placeCells(next, cells);
        next = first + cells;
        // The other cells of an absent series may hold any value.
        if (!Number.isNaN(values[first]!)) checkCounts(values, first + 1, first + 1 + counts);
      }
    }
  }
}

function checkNotNegative(values: Float64Array, from: number, to: number): void {
  for (let cell = from; cell < to; cell++) if (values[cell]! < 0) throw invalid(values, cell);
}

function checkCounts(values: Float64Array, from: number, to: number): void {
  for (let cell = from; cell < to; cell++) {
    const value = values[cell]!;
    if (!(value >= 0 && value <= MAX_COUNT && Math.floor(value) === value)) throw invalid(values, cell);
  }
}

function invalid(values: Float64Array, cell: number): BadLogError {
  return new BadLogError(`cell ${cell} has the invalid value ${values[cell]}`);
}
