import type { LabelPair, MetricDefinition } from '../format/layout.ts';
import { seriesKey } from '../format/series-key.ts';
import type { Cells } from './slot-file.ts';
import type { SlotWriter } from './slot-writer.ts';

/** Names with this prefix are the library's own: shown where its metrics are shown, and nowhere else. */
export const OWN_PREFIX = 'prom_multiproc_';

export const COLLECT_FAILURES = own(
  'prom_multiproc_collect_failures_total',
  'counter',
  'Times that a collect() failed or was not done in time, and its metric showed its last values.',
  ['metric'],
);

export const REFUSED_UPDATES = own(
  'prom_multiproc_refused_updates_total',
  'counter',
  'Counts, observations and values of series beyond the limit of series per metric: they are nowhere.',
  ['metric'],
);

export const UNSHARED_METRICS = own(
  'prom_multiproc_unshared_metrics',
  'gauge',
  'Metrics of living processes that are in no shared registry.',
);

/** What the library counts in the slots of the processes, kept and added up like the application's metrics. */
export const OWN_METRICS: readonly MetricDefinition[] = [COLLECT_FAILURES, REFUSED_UPDATES, UNSHARED_METRICS];

function own(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  labelNames: readonly string[] = [],
): MetricDefinition {
  return { name, type, help, aggregator: 'sum', labelNames, bounds: [] };
}

interface OwnSeries {
  readonly definition: MetricDefinition;
  readonly labels: readonly LabelPair[];
  /** Of a counter: what is yet to be added to the slot. Of a gauge: its value. */
  waiting: number;
  writer?: SlotWriter;
  cells?: Cells | undefined;
}

/** Counters and gauges of the library itself in the slot of this process. Until the slot can be had, values wait here. */
export class SlotOwnMetrics {
  readonly #takeWriter: () => SlotWriter | undefined;
  readonly #series = new Map<string, OwnSeries>();

  /** `takeWriter` takes the slot where the process has none yet; undefined where it cannot be had. */
  constructor(takeWriter: () => SlotWriter | undefined) {
    this.#takeWriter = takeWriter;
  }

  /** Adds to a counter of `OWN_METRICS`. `values` are those of its labels, in order; their number must be bounded. */
  add(definition: MetricDefinition, values: readonly string[] = [], delta = 1): void {
    const series = this.#find(definition, values);
    series.waiting += delta;
    place(series, this.#takeWriter());
  }

  /** Sets a gauge of `OWN_METRICS`. */
  set(definition: MetricDefinition, value: number, values: readonly string[] = []): void {
    const series = this.#find(definition, values);
    series.waiting = value;
    place(series, this.#takeWriter());
  }

  /** Moves into the slot what found none before, or was in one that is lost. */
  placeAll(writer: SlotWriter | undefined): void {
    for (const series of this.#series.values()) place(series, writer);
  }

  #find(definition: MetricDefinition, values: readonly string[]): OwnSeries {
    const labels = values.map((value, index): LabelPair => [index, value]);
    const key = `${definition.name} ${seriesKey(definition.labelNames, labels)}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { definition, labels, waiting: 0 };
      this.#series.set(key, series);
    }
    return series;
  }
}

function place(series: OwnSeries, writer: SlotWriter | undefined): void {
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
    array[base] = series.waiting;
    return;
  }
  const counted = array[base]!;
  array[base] = (Number.isNaN(counted) ? 0 : counted) + series.waiting;
  series.waiting = 0;
}
