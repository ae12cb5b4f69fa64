import { grown } from '../util/int-list.ts';
import { cellsPerSeries, type MetricDefinition } from './layout.ts';
import { BadLogError } from './log-codec.ts';

/** A double represents whole numbers exactly up to here. */
const MAX_COUNT = 2 ** 53;

const FREE = 0;
const NOT_NEGATIVE = 1;
const COUNT = 2;
const FIRST = 4;

/** Checks the cells of one file for values that a writer cannot have stored: FORMAT.md#damage. */
export class CellRules {
  #rules = new Uint8Array(0);

  /** Allocates the rules of `cells` cells. */
  reserve(cells: number): void {
    this.#rules = grown(this.#rules, cells);
  }

  /** Takes the rules of the first `cells` cells of another file. Shares its array, if that is full, instead of copying it. */
  copyFrom(other: CellRules, cells: number): void {
    this.#rules = other.#rules.length === cells ? other.#rules : other.#rules.slice(0, cells);
  }

  addSeries(definition: MetricDefinition, firstCell: number): void {
    const cells = cellsPerSeries(definition);
    const { type } = definition;
    if (firstCell + cells > this.#rules.length) this.reserve(firstCell + cells);
    const rules = this.#rules;
    rules[firstCell] = FIRST | (type === 'counter' ? NOT_NEGATIVE : FREE);
    const counts = type === 'histogram' ? cells - 1 : type === 'summary' ? 1 : 0;
    if (counts > 0) rules.fill(COUNT, firstCell + 1, firstCell + 1 + counts);
  }

  /**
   * Checks the first `count` values. Those that equal the values of the last check in `known` are valid.
   * @throws BadLogError at the first invalid value.
   */
  check(values: Float64Array, count: number, known: ArrayLike<number> = []): void {
    const rules = this.#rules;
    let appears = false;
    for (let cell = 0; cell < count; cell++) {
      const value = values[cell]!;
      if (value === known[cell] && !appears) continue;
      const rule = rules[cell]!;
      // The other cells of an absent series may hold any value, so all are checked when the series appears.
      if ((rule & FIRST) !== 0) appears = Number.isNaN(known[cell]!) && !Number.isNaN(value);
      const kind = rule & ~FIRST;
      if (kind === FREE) continue;
      if (value >= 0 && (kind === NOT_NEGATIVE || (value <= MAX_COUNT && Math.floor(value) === value)))
        continue;
      if (!this.#isAbsent(values, cell)) throw new BadLogError(`cell ${cell} has the invalid value ${value}`);
    }
  }

  #isAbsent(values: Float64Array, cell: number): boolean {
    let first = cell;
    while ((this.#rules[first]! & FIRST) === 0) first--;
    return Number.isNaN(values[first]!);
  }
}
