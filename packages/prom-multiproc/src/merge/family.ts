import { isBySlot } from '../format/gauge-aggregators.ts';
import type { MetricDefinition, MetricType } from '../format/layout.ts';
import { sameBounds } from '../util/buckets.ts';
import { IntList } from '../util/int-list.ts';
import { sortedLabels } from './label-text.ts';
import type { SeriesTable } from './series-table.ts';

/** One merged metric: the series of all slots under one name. */
export class Family {
  readonly table: SeriesTable;
  readonly name: string;
  /** Name of the metric's registry; undefined if it has none. */
  readonly registry: string | undefined;
  readonly help: string;
  readonly type: MetricType;
  /** The aggregator by which the values of a gauge are merged. */
  readonly aggregator: string;
  /** The aggregator that the application declared. */
  readonly declaredAggregator: string;
  /** The label names of all its definitions. */
  readonly labelNames = new Set<string>();
  /** The different bounds of its definitions. More than one set if versions of the application differ. */
  readonly boundSets: (readonly number[])[] = [];
  /** Its series, in the order first read. A series with different bounds in several slots occurs once for each. */
  readonly series = new IntList();
  /** Whether any of its definitions has exemplars. */
  hasExemplars = false;
  #groups: (readonly number[])[] = [];
  #grouped = 0;

  constructor(table: SeriesTable, definition: MetricDefinition, aggregator = definition.aggregator) {
    this.table = table;
    this.name = definition.name;
    this.registry = definition.registry;
    this.help = definition.help;
    this.type = definition.type;
    this.aggregator = aggregator;
    this.declaredAggregator = definition.aggregator;
  }

  add(series: number, bounds: readonly number[]): void {
    this.series.push(series);
    if (bounds === this.boundSets[0]) return;
    if (!this.boundSets.some((known) => sameBounds(known, bounds))) this.boundSets.push(bounds);
  }

  /** Whether it is a gauge that shows the value of each slot. */
  get showsEachSlot(): boolean {
    return this.type === 'gauge' && isBySlot(this.aggregator);
  }

  /** Whether any slot has a value of any series. */
  get hasValues(): boolean {
    const { totals, bases } = this.table;
    for (let i = 0; i < this.series.length; i++) {
      if (!Number.isNaN(totals[bases.array[this.series.array[i]!]!]!)) return true;
    }
    return false;
  }

  /** The series, grouped by their labels: a group has one series for each set of bounds. */
  groups(): readonly (readonly number[])[] {
    const series = Array.from(this.series.array.subarray(0, this.series.length));
    if (this.boundSets.length === 1) return series.map((one) => [one]);
    if (this.#grouped !== series.length) {
      const byLabels = Map.groupBy(series, (one) => sortedLabels(this.table.labels(one)));
      this.#groups = [...byLabels.values()];
      this.#grouped = series.length;
    }
    return this.#groups;
  }
}
