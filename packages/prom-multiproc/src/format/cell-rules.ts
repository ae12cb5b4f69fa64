import { IntList } from '../util/int-list.ts';
import { CELL_OF_COUNT, CELL_OF_START, cellsPerSeries, type MetricDefinition, placeCells } from './layout.ts';
import { BadLogError } from './log-codec.ts';

/** A double represents whole numbers exactly up to here. */
const MAX_COUNT = 2 ** 53;

/** The rules of series by type. Those with any rule have a start time. */
const NO_RULE = 0;
/** The value is not negative. */
const NOT_NEGATIVE = 1;
/** The cell after the start time is a count. */
const ONE_COUNT = 2;
/** All cells after the start time are counts. */
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
      const counts = kind === ALL_COUNTS ? cells - CELL_OF_COUNT : kind === ONE_COUNT ? 1 : 0;
      for (let i = 0; i < count; i++) {
        const first = placeCells(next, cells);
        next = first + cells;
        const value = values[first]!;
        // The other cells of an absent series may hold any value.
        if (kind === NO_RULE || Number.isNaN(value)) continue;
        if (kind === NOT_NEGATIVE && value < 0) throw invalid(values, first);
        const start = values[first + CELL_OF_START]!;
        if (!(start >= 0 && start < Infinity)) throw invalid(values, first + CELL_OF_START);
        if (counts > 0) checkCounts(values, first + CELL_OF_COUNT, first + CELL_OF_COUNT + counts);
      }
    }
  }
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
