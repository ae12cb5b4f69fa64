import { CELL_OF_START, type LabelPair, type MetricDefinition } from '../format/layout.ts';
import { seriesKey } from '../format/series-key.ts';
import { unixTime } from '../os/unix-time.ts';
import type { Cells } from './slot-file.ts';
import type { SlotWriter } from './slot-writer.ts';

/** Prefix of the self-metrics: metrics of the library about itself. They are shown only with `selfMetrics`. */
export const SELF_PREFIX = 'prom_multiproc_';

export const COLLECT_FAILURES = selfMetric(
  'prom_multiproc_collect_failures_total',
  'counter',
  'Number of times that collect() of a metric failed or exceeded the time limit.',
  ['metric'],
);

export const REFUSED_UPDATES = selfMetric(
  'prom_multiproc_refused_updates_total',
  'counter',
  'Number of updates dropped because their series is beyond the limit of series per metric.',
  ['metric'],
);

export const UNSHARED_METRICS = selfMetric(
  'prom_multiproc_unshared_metrics',
  'gauge',
  'Number of metrics of living processes that are in no shared registry.',
);

/** Self-metrics that are counted in the slots and merged like the metrics of the application. */
export const COUNTED_SELF_METRICS: readonly MetricDefinition[] = [
  COLLECT_FAILURES,
  REFUSED_UPDATES,
  UNSHARED_METRICS,
];

function selfMetric(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  labelNames: readonly string[] = [],
): MetricDefinition {
  return { name, type, help, aggregator: 'sum', labelNames, bounds: [] };
}

interface SelfSeries {
  readonly definition: MetricDefinition;
  readonly labels: readonly LabelPair[];
  /** For a counter the amount not yet added to the slot; for a gauge its value. */
  pending: number;
  writer?: SlotWriter;
  cells?: Cells | undefined;
}

/** The self-metrics in the slot of this process. Keeps their values while there is no slot. */
export class SlotSelfMetrics {
  readonly #takeWriter: () => SlotWriter | undefined;
  readonly #series = new Map<string, SelfSeries>();

  /** `takeWriter` takes the slot if the process has none yet, and returns undefined if it cannot. */
  constructor(takeWriter: () => SlotWriter | undefined) {
    this.#takeWriter = takeWriter;
  }

  /** Adds to a counter of `COUNTED_SELF_METRICS`. `values` are its label values, in order; their cardinality must be bounded. */
  add(definition: MetricDefinition, values: readonly string[] = [], delta = 1): void {
    const series = this.#find(definition, values);
    series.pending += delta;
    place(series, this.#takeWriter());
  }

  /** Sets a gauge of `COUNTED_SELF_METRICS`. */
  set(definition: MetricDefinition, value: number, values: readonly string[] = []): void {
    const series = this.#find(definition, values);
    series.pending = value;
    place(series, this.#takeWriter());
  }

  /** Stores pending values in the slot, and moves all series to it if it is a new one. */
  placeAll(writer: SlotWriter | undefined): void {
    for (const series of this.#series.values()) place(series, writer);
  }

  #find(definition: MetricDefinition, values: readonly string[]): SelfSeries {
    const labels = values.map((value, index): LabelPair => [index, value]);
    const key = `${definition.name} ${seriesKey(definition.labelNames, labels)}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { definition, labels, pending: 0 };
      this.#series.set(key, series);
    }
    return series;
  }
}

function place(series: SelfSeries, writer: SlotWriter | undefined): void {
  if (writer === undefined) return;
  const { definition, labels } = series;
  if (series.writer !== writer || series.cells === undefined) {
    const again = series.writer === writer;
    series.writer = writer;
    series.cells = writer.series(definition, labels, again);
    if (series.cells === undefined) return;
  }
  const { array, base } = series.cells;
  if (definition.type === 'gauge') {
    array[base] = series.pending;
    return;
  }
  const counted = array[base]!;
  if (Number.isNaN(counted)) array[base + CELL_OF_START] = unixTime();
  array[base] = (Number.isNaN(counted) ? 0 : counted) + series.pending;
  series.pending = 0;
}
