/** A format of a page: the Prometheus text format (0.0.4, or 1.0.0, which has the same bytes), OpenMetrics 1.0.0, or protobuf. */
export type Syntax = 'text' | 'openmetrics' | 'protobuf';

/** How metrics are written. */
export interface PageFormat {
  readonly syntax: Syntax;
  /**
   * Whether the registry's content type is OpenMetrics: each counter then ends with `_total`, as in prom-client. The same in
   * each syntax, so that a series has one name.
   */
  readonly addsTotal: boolean;
  /** Whether OpenMetrics has start times, as series `_created`: see `ShareOptions.includeCreatedTimestamps`. */
  readonly created?: boolean;
}

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const TEXT: PageFormat = { syntax: 'text', addsTotal: false };
const OPEN_METRICS: PageFormat = { syntax: 'openmetrics', addsTotal: true };

/** The format in which a registry of this content type writes. */
export function formatOf(contentType: string): PageFormat {
  return contentType.startsWith('application/openmetrics-text') ? OPEN_METRICS : TEXT;
}

/** The name of a counter's series. */
export function counterName(name: string, { addsTotal }: PageFormat): string {
  return addsTotal && !name.endsWith('_total') ? `${name}_total` : name;
}

/** The name and type of a metric in HELP and TYPE lines. */
export interface Head {
  readonly name: string;
  readonly type: string;
}

/** In OpenMetrics a counter's series end with `_total`, and its name does not. Other counters, and `_total`, have no type. */
export function openCounter(series: string): Head {
  return /._total$/.test(series)
    ? { name: series.slice(0, -'_total'.length), type: 'counter' }
    : { name: series, type: 'unknown' };
}
