import type { ClientEntry, ClientLabels, ClientMetric } from '../client/client-internals.ts';
import { keepsDeadValues, NEVER_SET } from '../format/gauge-aggregators.ts';
import { CELL_OF_BUCKETS, isTimed } from '../format/layout.ts';
import { bootTime } from '../os/boot-clock.ts';
import { unixTime } from '../os/unix-time.ts';
import {
  ABOVE_ALL,
  type CountedSeries,
  CounterSeries,
  HistogramSeries,
  SummarySeries,
} from './counted-series.ts';
import { KeptSeries } from './kept-series.ts';
import { type SeriesOwner, type SharedSeries, TimedSeries, ValueSeries } from './shared-series.ts';

/** Properties of a gauge's entry beside its value. */
export interface GaugeEntry {
  readonly aggregator: string;
  /** Whether it is the initial zero of a gauge without labels. */
  readonly neverSet: boolean;
}

/** Makes the series that replaces an entry of prom-client. */
export function seriesOf(
  entry: ClientEntry,
  owner: SeriesOwner,
  gauge: GaugeEntry | undefined,
): SharedSeries {
  const { labels } = entry;
  if (gauge !== undefined) return gaugeSeries(entry, owner, gauge);
  const values = valuesOf(entry, owner);
  if (entry.bucketValues !== undefined) {
    const series = new HistogramSeries(owner, labels, values);
    if (entry.bucketExemplars !== undefined) series.bucketExemplars = entry.bucketExemplars;
    const own = (entry.bucketExemplars ?? {}) as Record<string, ClientExemplar | null>;
    for (const [i, bound] of [...owner.bounds, ABOVE_ALL].entries()) keepExemplar(series, i, own[bound]);
    return series;
  }
  if (entry.sum !== undefined) return new SummarySeries(owner, labels, values, entry.td);
  const series = new CounterSeries(owner, labels, values);
  keepExemplar(series, 0, entry.exemplar as ClientExemplar | undefined);
  return series;
}

/** prom-client's `Exemplar`. */
interface ClientExemplar {
  readonly labelSet: object;
  readonly value: number;
  readonly timestamp?: number;
}

/** Takes over an exemplar that was stored before the metric was captured. One without a timestamp is not complete. */
function keepExemplar(
  series: CountedSeries,
  place: number,
  exemplar: ClientExemplar | null | undefined,
): void {
  if (exemplar?.timestamp === undefined) return;
  series.exemplars?.set(place, exemplar.labelSet, exemplar.value, exemplar.timestamp);
}

/** A value set before the metric was captured gets the time of capture. */
function gaugeSeries(
  { labels, value }: ClientEntry,
  owner: SeriesOwner,
  { aggregator, neverSet }: GaugeEntry,
): SharedSeries {
  const first = neverSet ? NEVER_SET : value! + 0;
  const timed = isTimed(aggregator);
  const values = timed ? Float64Array.of(first, neverSet ? 0 : bootTime()) : Float64Array.of(first);
  if (keepsDeadValues(aggregator)) return new KeptSeries(owner, labels, values, aggregator);
  return timed ? new TimedSeries(owner, labels, values) : new ValueSeries(owner, labels, values);
}

/** Makes an empty series of a counter or a histogram. */
export function emptySeries(owner: SeriesOwner, labels: ClientLabels, client: ClientMetric): SharedSeries {
  if (client.upperBounds === undefined)
    return new CounterSeries(owner, labels, withPlaces([0, unixTime()], owner));
  const values = new Float64Array(CELL_OF_BUCKETS + owner.bounds.length + 1 + owner.exemplarPlaces);
  const series = new HistogramSeries(owner, labels, values);
  series.restart();
  // prom-client 15.1.0 reads `bucketExemplars` of every series: a shared frozen object of nulls if exemplars are off.
  series.bucketExemplars = client.bucketExemplars;
  return series;
}

/** The numbers of an entry of prom-client that is no gauge, in the order of the cells. The series starts now. */
export function valuesOf(entry: ClientEntry, owner: SeriesOwner): Float64Array {
  const { bucketValues } = entry;
  const { bounds } = owner;
  if (bucketValues === undefined) {
    if (entry.sum === undefined) return withPlaces([entry.value!, unixTime()], owner);
    return Float64Array.of(entry.sum, unixTime(), entry.count!, ...bounds.map(() => 0));
  }
  // A bound that was given as a string may have another spelling.
  const counts = bounds.map((bound) => bucketValues[bound] ?? 0);
  const inBounds = counts.reduce((sum, count) => sum + count, 0);
  return withPlaces([entry.sum!, unixTime(), ...counts, entry.count! - inBounds], owner);
}

function withPlaces(values: readonly number[], { exemplarPlaces }: SeriesOwner): Float64Array {
  const cells = new Float64Array(values.length + exemplarPlaces);
  cells.set(values);
  return cells;
}
