import { CELL_OF_START } from '../format/layout.ts';
import type { CellSet } from '../slot/cell-set.ts';
import type { Cells } from '../slot/slot-file.ts';
import { type CountedSeries, hasNotFallen } from './counted-series.ts';

interface Dropped {
  readonly series: CountedSeries;
  readonly cells: Cells;
  /** A copy of what they held. */
  readonly before: Cells;
}

/**
 * Series that an asynchronous `collect()` has dropped from the slot. If it counts one again, and no count is lower, the series has
 * not restarted for readers: its start time stays.
 */
export class RestartedSeries {
  /** By array and base: bounded by the cells of the slot, also if the `collect()` hangs. */
  readonly #dropped = new Map<Float64Array, Map<number, Dropped>>();

  /** Called before the cells are emptied. */
  add(series: CountedSeries, cells: Cells, count: number): void {
    const { array, base } = cells;
    const ofArray = this.#dropped.get(array) ?? new Map<number, Dropped>();
    this.#dropped.set(array, ofArray);
    if (ofArray.has(base)) return;
    ofArray.set(base, { series, cells, before: { array: array.slice(base, base + count), base: 0 } });
  }

  /** Called when the `collect()` ended. `present`: the cells of the metric. The same labels have the same cells again. */
  restoreStarts(present: CellSet): void {
    for (const ofArray of this.#dropped.values()) {
      for (const { series, cells, before } of ofArray.values()) {
        if (!present.has(cells) || !hasNotFallen(series.countCells, before, cells)) continue;
        cells.array[cells.base + CELL_OF_START] = before.array[CELL_OF_START]!;
      }
    }
  }
}
