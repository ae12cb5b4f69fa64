import type { ClientLabels } from '../client/client-internals.ts';
import { checkExemplarLabels, hasExemplarLabels } from '../format/exemplar-record.ts';
import { CELL_OF_BUCKETS } from '../format/layout.ts';
import { bucketOf } from '../util/buckets.ts';
import { type Inc, isFiniteNumber, type Observe } from './bound-child.ts';
import type { CountedSeries } from './counted-series.ts';
import { NO_LABELS } from './labels-method.ts';
import { isClientsOwn, replace } from './replace-method.ts';
import type { SharedMetric } from './shared-metric.ts';
import type { SharedSeries } from './shared-series.ts';

interface Options {
  readonly labels?: ClientLabels;
  readonly value?: unknown;
  readonly exemplarLabels?: object;
}

const NO_OPTIONS: Options = {};

/**
 * Replaces `inc` of a counter and `observe` of a histogram with `enableExemplars`, which take one object. `plainInc` and
 * `plainObserve` count without an exemplar.
 */
export function installExemplarFastPath(metric: SharedMetric, plainInc: Inc, plainObserve: Observe): void {
  const { client } = metric;
  if (areClientsOwn(metric, 'inc', 'incWithExemplar', 'incWithoutExemplar')) {
    const clientsInc = client.incWithExemplar as Inc;
    replace(client, 'inc', makeInc(metric, plainInc, clientsInc), clientsInc);
  }
  if (areClientsOwn(metric, 'observe', 'observeWithExemplar', 'observeWithoutExemplar')) {
    const clientsObserve = client.observeWithExemplar as Observe;
    replace(client, 'observe', makeObserve(metric, plainObserve, clientsObserve), clientsObserve);
  }
}

function areClientsOwn(
  { client }: SharedMetric,
  method: 'inc' | 'observe',
  assigned: 'incWithExemplar' | 'observeWithExemplar',
  plain: 'incWithoutExemplar' | 'observeWithoutExemplar',
): boolean {
  return (
    isClientsOwn(client, method, assigned) &&
    isClientsOwn(client, plain) &&
    isClientsOwn(client, 'updateExemplar')
  );
}

function makeInc(metric: SharedMetric, plainInc: Inc, clientsInc: Inc): Inc {
  const { client, kind } = metric;
  // @prometheus-io/client stores the total as the exemplar's value.
  const showsTotal = kind.property === 'store';
  return function inc(options = NO_OPTIONS) {
    if (!isOptions(options)) {
      clientsInc.call(client, options);
      return;
    }
    const { labels = NO_LABELS, value = 1, exemplarLabels } = options;
    let series = metric.known(labels);
    if (series !== undefined && isFiniteNumber(value) && value >= 0) series.add(0, value);
    else {
      plainInc(labels, value);
      series = metric.find(labels);
    }
    if (exemplarLabels === undefined || Number.isNaN(value)) return;
    const shown = showsTotal ? series?.array[series.base] : value;
    setExemplar(series, 0, exemplarLabels, (shown as number) || 1);
  };
}

function makeObserve(metric: SharedMetric, plainObserve: Observe, clientsObserve: Observe): Observe {
  const { client } = metric;
  return function observe(options = NO_OPTIONS) {
    if (!isOptions(options)) {
      clientsObserve.call(client, options);
      return;
    }
    const { labels = NO_LABELS, value, exemplarLabels } = options;
    let series = metric.known(labels);
    const bucket = bucketOf(metric.bounds, value as number);
    if (series !== undefined && isFiniteNumber(value)) {
      series.add(CELL_OF_BUCKETS + bucket, 1);
      series.add(0, value);
    } else {
      plainObserve(labels, value);
      series = metric.find(labels);
    }
    if (exemplarLabels === undefined || !hasExemplarLabels(exemplarLabels)) return;
    setExemplar(series, bucket, exemplarLabels, value as number);
  };
}

/** Other arguments have unexpected effects, which only prom-client's own method has. */
function isOptions(options: unknown): options is Options {
  if (typeof options !== 'object' || options === null) return false;
  const { labels } = options as { labels?: unknown };
  return labels === undefined || (typeof labels === 'object' && labels !== null);
}

/** A series beyond the limit has no exemplars, but its labels are checked. */
function setExemplar(series: SharedSeries | undefined, place: number, labels: object, value: number): void {
  if (series === undefined) checkExemplarLabels(labels);
  else (series as CountedSeries).exemplars!.set(place, labels, value);
}
