import { IntList } from '../util/int-list.ts';
import {
  CELL_OF_COUNT,
  CELL_OF_START,
  cellsPerSeries,
  type MetricDefinition,
  placeCells,
  valueCells,
} from './layout.ts';
import { BadLogError } from './log-codec.ts';

/** A double represents whole numbers exactly up to here. */
const MAX_COUNT = 2 ** 53;

/** Numbers of a run: of its series, of the cells of each, and a rule. */
const RUN = 3;
/** Rules. A number from 0 on: the series has a start time and, after it, this number of counts. */
const NO_RULE = -1;
const COUNTER = -2;

/** Checks the cells of one file for values that a writer cannot have stored: FORMAT.md#damage. */
export class CellRules {
  /** Runs of series with the same rule. */
  readonly #runs = new IntList();

  copyFrom(other: CellRules): void {
    this.#runs.copyFrom(other.#runs);
  }

  /** Adds the next series of the file. */
  addSeries(definition: MetricDefinition): void {
    const cells = cellsPerSeries(definition);
    const rule = ruleOf(definition);
    const { array, length } = this.#runs;
    if (length > 0 && array[length - 1] === rule && array[length - 2] === cells) {
      array[length - RUN]!++;
    } else {
      for (const number of [1, cells, rule]) this.#runs.push(number);
    }
  }

  /** @throws BadLogError at the first invalid value. */
  check(values: Float64Array): void {
    const { array, length } = this.#runs;
    let next = 0;
    for (let run = 0; run < length; run += RUN) {
      const count = array[run]!;
      const cells = array[run + 1]!;
      const rule = array[run + 2]!;
      for (let i = 0; i < count; i++) {
        const first = placeCells(next, cells);
        next = first + cells;
        const value = values[first]!;
        // The other cells of an absent series may hold any value.
        if (rule === NO_RULE || Number.isNaN(value)) continue;
        if (rule === COUNTER && value < 0) throw invalid(values, first);
        const start = values[first + CELL_OF_START]!;
        if (!(start >= 0 && start < Infinity)) throw invalid(values, first + CELL_OF_START);
        if (rule > 0) checkCounts(values, first + CELL_OF_COUNT, first + CELL_OF_COUNT + rule);
      }
    }
  }
}

function ruleOf(definition: MetricDefinition): number {
  switch (definition.type) {
    case 'counter':
      return COUNTER;
    case 'gauge':
      return NO_RULE;
    case 'histogram':
      return valueCells(definition) - CELL_OF_COUNT;
    case 'summary':
      return 1;
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
