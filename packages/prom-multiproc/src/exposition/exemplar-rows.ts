import type { Exemplar } from '../format/exemplar-record.ts';
import { CELL_OF_BUCKETS } from '../format/layout.ts';
import type { Family } from '../merge/family.ts';

/** https://prometheus.io/docs/specs/om/open_metrics_spec/#abnf; no client checks the names, and one wrong name makes a page unreadable. */
const LABEL_NAME = /^[a-zA-Z_]\w*$/;

/** Whether Prometheus can read the labels. Of OpenMetrics with NUL in an exemplar it rejects the whole page. */
export function isReadable({ labels }: Pick<Exemplar, 'labels'>): boolean {
  return labels.every(([name, value]) => LABEL_NAME.test(name) && !value.includes('\0'));
}

/**
 * Returns the exemplars of a counter or a histogram in the order of its lines: one, or one for each bucket by ascending bound, +Inf
 * last. `bounds` are those of `rowsOf` for the same group. Undefined if the series has none. Leaves out exemplars that are not
 * readable.
 */
export function exemplarsOf(
  { table, type, hasExemplars }: Family,
  group: readonly number[],
  bounds: readonly number[],
): readonly (Exemplar | undefined)[] | undefined {
  if (!hasExemplars) return undefined;
  const newest = new Map<number, Exemplar>();
  for (const series of group) {
    const own = table.shapes[table.shapeOf.array[series]!]!.bounds;
    const base = table.bases.array[series]! + (type === 'histogram' ? CELL_OF_BUCKETS : 0);
    for (let i = 0; i <= own.length; i++) {
      const bound = own[i] ?? Infinity;
      const one = table.exemplars.get(base + i);
      if (one === undefined || !isReadable(one)) continue;
      if (one.timestamp > (newest.get(bound)?.timestamp ?? -1)) newest.set(bound, one);
    }
  }
  return newest.size === 0 ? undefined : [...bounds, Infinity].map((bound) => newest.get(bound));
}
