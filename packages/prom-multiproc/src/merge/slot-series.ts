import type { Fold } from '../format/gauge-aggregators.ts';
import { type MetricDefinition, placeCells } from '../format/layout.ts';
import type { SlotListener } from '../slot/slot-listener.ts';
import { IntList } from '../util/int-list.ts';
import type { NamedShape, SeriesTable } from './series-table.ts';

/** The series of one slot as numbers of a `SeriesTable`, in the order of the log, which determines their cells. */
export class SlotSeries implements SlotListener {
  readonly #table: SeriesTable;
  readonly #named: NamedShape[] = [];
  readonly #series = new IntList();

  constructor(table: SeriesTable) {
    this.#table = table;
  }

  onMetric(definition: MetricDefinition): void {
    this.#named.push(this.#table.define(definition));
  }

  onSameAs(other: SlotSeries): void {
    this.#named.push(...other.#named);
    this.#series.beginAs(other.#series);
  }

  onLog(series: number): void {
    this.#series.reserve(series);
  }

  onSeries(metric: number, log: DataView, from: number, to: number): void {
    this.#series.push(this.#table.series(this.#named[metric]!, log, from, to));
  }

  /** Merges the values of the slot into `totals`. A series whose first cell is NaN is absent. */
  addTo(totals: Float64Array, slot: number, values: Float64Array, live: boolean): void {
    const { shapes } = this.#table;
    const shapeOf = this.#table.shapeOf.array;
    const bases = this.#table.bases.array;
    const series = this.#series.array;
    const count = this.#series.length;
    let next = 0;
    let shape = -1;
    let cells = 0;
    let added = 0;
    let fold: Fold | undefined;
    let keeps = false;
    for (let i = 0; i < count; i++) {
      const one = series[i]!;
      if (shapeOf[one] !== shape) {
        shape = shapeOf[one]!;
        ({ cells, totals: added, fold, keeps } = shapes[shape]!);
      }
      const first = placeCells(next, cells);
      next = first + cells;
      const value = values[first]!;
      if (Number.isNaN(value) || added === 0) continue;
      const base = bases[one]!;
      if (fold === undefined) {
        // The first value is added to 0 instead of stored: otherwise V8 would deoptimize this loop at the second slot.
        const isFirst = Number.isNaN(totals[base]!);
        totals[base] = (isFirst ? 0 : totals[base]!) + value;
        for (let cell = 1; cell < added; cell++) {
          totals[base + cell] = (isFirst ? 0 : totals[base + cell]!) + values[first + cell]!;
        }
      } else if (live || keeps) {
        fold(totals, base, value, cells === 2 ? values[first + 1]! : 0);
        if (shapes[shape]!.family!.showsEachSlot) this.#table.addBySlot(one, { slot, value });
      }
    }
  }
}
