/** Field numbers of [metrics.proto](https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto). */
export const FAMILY = { name: 1, help: 2, type: 3, metric: 4 } as const;

export const METRIC = {
  label: 1,
  gauge: 2,
  counter: 3,
  summary: 4,
  untyped: 5,
  timestampMs: 6,
  histogram: 7,
} as const;

export const LABEL = { name: 1, value: 2 } as const;
/** Of Gauge, Counter and Untyped. */
export const VALUE = 1;
export const COUNTER = { exemplar: 2, created: 3 } as const;
export const SUMMARY = { count: 1, sum: 2, quantile: 3, created: 4 } as const;
export const QUANTILE = { quantile: 1, value: 2 } as const;
export const HISTOGRAM = { count: 1, sum: 2, bucket: 3, created: 15 } as const;
export const BUCKET = { count: 1, bound: 2, exemplar: 3 } as const;
export const EXEMPLAR = { label: 1, value: 2, timestamp: 3 } as const;
export const TIMESTAMP = { seconds: 1, nanos: 2 } as const;

/** Values of the enum MetricType. */
export const TYPE = { counter: 0, gauge: 1, summary: 2, untyped: 3, histogram: 4 } as const;
