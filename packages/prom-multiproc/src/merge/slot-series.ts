import type { Exemplar } from '../format/exemplar-record.ts';
import { CELL_OF_BUCKETS, CELL_OF_START, type MetricDefinition, placeCells } from '../format/layout.ts';
import type { SlotListener } from '../slot/slot-listener.ts';
import { IntList } from '../util/int-list.ts';
import type { NamedShape, SeriesTable, Shape } from './series-table.ts';

/**
 * The series of one slot as numbers of a `SeriesTable`, in the order of the log, which determines their cells. They are kept as
 * runs: the slots of an application mostly have the same series in the same order.
 */
export class SlotSeries implements SlotListener {
  readonly #table: SeriesTable;
  readonly #named: NamedShape[] = [];
  /** First series and length of each run but the last: see `SeriesTable.continuesRun`. */
  readonly #runs = new IntList();
  #lastRun = 0;
  #lastLength = 0;

  constructor(table: SeriesTable) {
    this.#table = table;
  }

  onMetric(definition: MetricDefinition): void {
    this.#named.push(this.#table.define(definition));
  }

  onSameAs(other: SlotSeries): void {
    this.#named.push(...other.#named);
    this.#runs.copyFrom(other.#runs);
    this.#lastRun = other.#lastRun;
    this.#lastLength = other.#lastLength;
  }

  onSeries(metric: number, log: DataView, from: number, to: number): void {
    const one = this.#table.series(this.#named[metric]!, log, from, to);
    if (one === this.#lastRun + this.#lastLength && this.#table.continuesRun(one)) {
      this.#lastLength++;
      return;
    }
    if (this.#lastLength > 0) {
      this.#runs.push(this.#lastRun);
      this.#runs.push(this.#lastLength);
    }
    this.#lastRun = one;
    this.#lastLength = 1;
  }

  /** Adds the exemplars of the slot, by cell, to those of the table. The newest stays, then that of the lowest slot. */
  addExemplars(exemplars: ReadonlyMap<number, Exemplar>): void {
    if (exemplars.size === 0) return;
    const runs = this.#runs.array;
    let next = 0;
    for (let i = 0; i < this.#runs.length; i += 2) {
      next = addExemplarsOfRun(this.#table, exemplars, runs[i]!, runs[i + 1]!, next);
    }
    addExemplarsOfRun(this.#table, exemplars, this.#lastRun, this.#lastLength, next);
  }

  /** Merges the values of the slot into `totals`. A series whose first cell is NaN is absent. */
  addTo(totals: Float64Array, slot: number, values: Float64Array, live: boolean): void {
    const merge: Merge = { table: this.#table, totals, slot, values, live };
    const runs = this.#runs.array;
    const { length } = this.#runs;
    let next = 0;
    for (let i = 0; i < length; i += 2) next = mergeRun(merge, runs[i]!, runs[i + 1]!, next);
    mergeRun(merge, this.#lastRun, this.#lastLength, next);
  }
}

interface Merge {
  readonly table: SeriesTable;
  readonly totals: Float64Array;
  readonly slot: number;
  readonly values: Float64Array;
  readonly live: boolean;
}

/** Merges `count` series from number `first` on. Cells before `next` are those of earlier runs. @returns the end of its cells */
function mergeRun(merge: Merge, first: number, count: number, next: number): number {
  if (count === 0) return next;
  const { table, totals, values } = merge;
  const shape = table.shapes[table.shapeOf.array[first]!]!;
  if (shape.fold !== undefined) return foldRun(merge, shape, first, count, next);
  return addRun(totals, table.bases.array[first]!, values, next, count, shape);
}

function addRun(
  totals: Float64Array,
  start: number,
  values: Float64Array,
  next: number,
  count: number,
  { cells, totals: width }: Shape,
): number {
  let end = next;
  for (let i = 0; i < count; i++) {
    const from = placeCells(end, cells);
    end = from + cells;
    const base = start + i * width;
    // A series that is not shown has no totals.
    if (width === 0 || Number.isNaN(values[from]!)) continue;
    const isFirst = Number.isNaN(totals[base]!);
    // The first value is added to 0 instead of stored: otherwise V8 would deoptimize this loop at the second slot.
    totals[base] = (isFirst ? 0 : totals[base]!) + values[from]!;
    const began = values[from + CELL_OF_START]!;
    if (isFirst || began < totals[base + CELL_OF_START]!) totals[base + CELL_OF_START] = began;
    for (let cell = CELL_OF_START + 1; cell < width; cell++) {
      totals[base + cell] = (isFirst ? 0 : totals[base + cell]!) + values[from + cell]!;
    }
  }
  return end;
}

function foldRun(merge: Merge, shape: Shape, first: number, count: number, next: number): number {
  const { table, totals, slot, values, live } = merge;
  const { cells, totals: width, fold, keeps, family } = shape;
  const start = table.bases.array[first]!;
  let end = next;
  for (let i = 0; i < count; i++) {
    const from = placeCells(end, cells);
    end = from + cells;
    const value = values[from]!;
    if (Number.isNaN(value)) continue;
    if (live || keeps) {
      fold!(totals, start + i * width, value, cells === 2 ? values[from + 1]! : 0);
      if (family!.showsEachSlot) table.addBySlot(first + i, { slot, value });
    }
  }
  return end;
}

/** As `mergeRun`, for exemplars. */
function addExemplarsOfRun(
  table: SeriesTable,
  all: ReadonlyMap<number, Exemplar>,
  first: number,
  count: number,
  next: number,
): number {
  if (count === 0) return next;
  const { cells, totals, exemplars, family } = table.shapes[table.shapeOf.array[first]!]!;
  const offset = family?.type === 'histogram' ? CELL_OF_BUCKETS : 0;
  let end = next;
  for (let i = 0; i < count; i++) {
    end = placeCells(end, cells) + cells;
    const base = table.bases.array[first]! + i * totals + offset;
    for (let place = 0; place < exemplars; place++) {
      const one = all.get(end - exemplars + place);
      if (one === undefined) continue;
      const known = table.exemplars.get(base + place);
      if (known === undefined || one.timestamp > known.timestamp) table.exemplars.set(base + place, one);
    }
  }
  return end;
}
