import { cellsPerSeries, type MetricDefinition } from './format.ts';
import { BadLogError } from './log-record.ts';

/** Counts above are not exact any more; no count of events gets there. */
const MAX_COUNT = 2 ** 53;

const FREE = 0;
const NOT_NEGATIVE = 1;
const COUNT = 2;
const FIRST = 4;

/**
 * What the cells of one file may hold: a counter's is never negative, a bucket's or a count's is a whole number up to
 * 2^53. Anything else is damage, told from an application's own `reset` and `remove`, which make a cell smaller, or NaN.
 */
export class CellRules {
  #rules = new Uint8Array(64);

  addSeries(definition: MetricDefinition, firstCell: number): void {
    const cells = cellsPerSeries(definition);
    const { type } = definition;
    if (this.#rules.length < firstCell + cells) {
      const grown = new Uint8Array((firstCell + cells) * 2);
      grown.set(this.#rules);
      this.#rules = grown;
    }
    const rules = this.#rules;
    rules[firstCell] = FIRST | (type === 'counter' ? NOT_NEGATIVE : FREE);
    const counts = type === 'histogram' ? cells - 1 : type === 'summary' ? 1 : 0;
    rules.fill(COUNT, firstCell + 1, firstCell + 1 + counts);
  }

  /** @throws BadLogError at the first of `count` values that its cell cannot hold. */
  check(values: Float64Array, count: number): void {
    const rules = this.#rules;
    for (let cell = 0; cell < count; cell++) {
      const rule = rules[cell]! & ~FIRST;
      if (rule === FREE) continue;
      const value = values[cell]!;
      if (value >= 0 && (rule === NOT_NEGATIVE || (value <= MAX_COUNT && Math.floor(value) === value)))
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
