import { cellsPerSeries, type MetricDefinition } from '../format/layout.ts';
import type { DirectoryStatus } from '../merge/directory-reader.ts';
import type { Family } from '../merge/family.ts';
import { localFamily } from '../merge/local-family.ts';
import { COUNTED_SELF_METRICS, SELF_PREFIX } from '../slot/slot-self-metrics.ts';

type Measure = (status: DirectoryStatus) => number;

/** Self-metrics that each merge computes: name, type, help, value. */
const COMPUTED_SELF_METRICS: readonly (readonly [string, 'counter' | 'gauge', string, Measure])[] = [
  ['prom_multiproc_workers', 'gauge', 'Living processes that hold a slot.', ({ live }) => live],
  ['prom_multiproc_slots', 'gauge', 'Slot files in the directory.', ({ slots }) => slots.length],
  ['prom_multiproc_series', 'gauge', 'Series in all slots.', ({ slots }) => sum(slots, (s) => s.series)],
  [
    'prom_multiproc_slot_bytes',
    'gauge',
    'Bytes of all slot files.',
    ({ slots }) => sum(slots, (s) => s.bytes),
  ],
  [
    'prom_multiproc_refused_series_total',
    'counter',
    'Series refused because a slot had no room. They are missing in the totals.',
    ({ slots }) => sum(slots, (s) => s.refused),
  ],
  [
    'prom_multiproc_unreadable_slots',
    'gauge',
    'Slot files that cannot be read. The totals keep their last good values.',
    ({ slots, compacted }) => compacted + count(slots, (s) => s.error !== undefined),
  ],
  [
    'prom_multiproc_merge_seconds',
    'gauge',
    'Time that adding up all slots took for this page.',
    ({ seconds }) => seconds,
  ],
  [
    'prom_multiproc_heartbeat_age_seconds',
    'gauge',
    'Longest time since a living process refreshed its slot. Normally below the refresh interval, by default 5 seconds.',
    ({ heartbeatAge }) => heartbeatAge,
  ],
];

/** Whether a metric is a self-metric, of this or another version of the library. */
export function isSelfMetric(name: string): boolean {
  return name.startsWith(SELF_PREFIX);
}

interface Computed {
  readonly family: Family;
  readonly measure: Measure;
}

let computed: readonly Computed[] | undefined;
let uncounted: ReadonlyMap<string, Family> | undefined;

/**
 * Yields the self-metrics: first the families that the merge computes, then the families that processes count. The next call overwrites
 * the values of the computed families.
 */
export function* selfMetrics(
  status: DirectoryStatus,
  families: ReadonlyMap<string, Family>,
): Generator<Family> {
  computed ??= COMPUTED_SELF_METRICS.map(([name, type, help, measure]) => {
    return { family: atZero({ name, type, help, aggregator: 'sum', labelNames: [], bounds: [] }), measure };
  });
  for (const { family, measure } of computed) {
    family.table.totals[0] = measure(status);
    yield family;
  }
  uncounted ??= new Map(COUNTED_SELF_METRICS.map((definition) => [definition.name, atZero(definition)]));
  for (const [name, family] of uncounted) yield families.get(name) ?? family;
  for (const family of families.values()) {
    if (isSelfMetric(family.name) && !isKnown(family.name)) yield family;
  }
}

function isKnown(name: string): boolean {
  return uncounted!.has(name) || computed!.some(({ family }) => family.name === name);
}

/** A family without counts: without labels it has one series, of unknown start. */
function atZero(definition: MetricDefinition): Family {
  const one = { labels: [], values: new Float64Array(cellsPerSeries(definition)) };
  return localFamily(definition, definition.labelNames.length > 0 ? [] : [one]);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function count<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.filter(is).length;
}
