import { familyKey, type LabelPair, type MetricDefinition, placeCells } from '../format/layout.ts';
import { encodeLabels, viewOf } from '../format/log-codec.ts';
import type { Family } from './family.ts';
import { SeriesTable } from './series-table.ts';
import { SlotSeries } from './slot-series.ts';

/** A series with the values of its cells. */
export interface LocalSeries {
  readonly labels: readonly LabelPair[];
  readonly values: ArrayLike<number>;
}

/** A family of values that are in no slot. */
export function localFamily(definition: MetricDefinition, all: Iterable<LocalSeries>): Family {
  const table = new SeriesTable(false);
  const slot = new SlotSeries(table);
  slot.onMetric(definition);
  const cells: number[] = [];
  for (const { labels, values } of all) {
    const bytes = encodeLabels(labels);
    slot.onSeries(0, viewOf(bytes), 0, bytes.length);
    cells.length = placeCells(cells.length, values.length);
    cells.push(...Array.from(values));
  }
  table.clearTotals();
  slot.addTo(table.totals, 0, Float64Array.from(cells), true);
  return table.families.get(familyKey(definition))!;
}
