import type { Fold } from '../format/gauge-aggregators.ts';
import { type MetricDefinition, placeCells } from '../format/layout.ts';
import type { SlotListener } from '../slot/slot-listener.ts';
import { IntList } from '../util/int-list.ts';
import type { NamedShape, SeriesTable } from './series-table.ts';

/** What the series of one slot are in the table of all, in the order of its log, from which their cells follow. */
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

  /** Adds the values of the slot to `totals`. A first cell of NaN makes its whole series absent. */
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
        // Added to in each case: a compiler that saw no addition in the first slot would begin anew at the second.
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
