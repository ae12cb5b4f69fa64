import { grown } from '../util/int-list.ts';
import { cellsPerSeries, type MetricDefinition } from './layout.ts';
import { BadLogError } from './log-codec.ts';

/** Counts above are not exact any more; no count of events gets there. */
const MAX_COUNT = 2 ** 53;

const FREE = 0;
const NOT_NEGATIVE = 1;
const COUNT = 2;
const FIRST = 4;

/**
 * What the cells of one file may hold: a counter's is never negative, a bucket's or a count's is a whole number up to
 * 2^53. Anything else is damage, other than an application's own `reset` and `remove`, which make a cell smaller, or NaN.
 */
export class CellRules {
  #rules = new Uint8Array(0);

  /** Makes room for the rules of so many cells. */
  reserve(cells: number): void {
    this.#rules = grown(this.#rules, cells);
  }

  /** Those of the `cells` cells of another file, in the same memory where no more can be added there. */
  beginAs(other: CellRules, cells: number): void {
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
   * Checks the first `count` values, of which those that are still as in `known` need no check.
   * @throws BadLogError at the first that its cell cannot hold.
   */
  check(values: Float64Array, count: number, known: ArrayLike<number> = []): void {
    const rules = this.#rules;
    let appears = false;
    for (let cell = 0; cell < count; cell++) {
      const value = values[cell]!;
      if (value === known[cell] && !appears) continue;
      const rule = rules[cell]!;
      // The other cells of a series that was absent could hold anything so far.
      if ((rule & FIRST) !== 0) appears = Number.isNaN(known[cell]!) && !Number.isNaN(value);
      const kind = rule & ~FIRST;
      if (kind === FREE) continue;
      if (value >= 0 && (kind === NOT_NEGATIVE || (value <= MAX_COUNT && Math.floor(value) === value)))
        continue;
      if (!this.#isAbsent(values, cell)) throw new BadLogError(`cell ${cell} cannot hold ${value}`);
    }
  }

  /** Cells of an absent series mean nothing. */
  #isAbsent(values: Float64Array, cell: number): boolean {
    let first = cell;
    while ((this.#rules[first]! & FIRST) === 0) first--;
    return Number.isNaN(values[first]!);
  }
}
