import { AnswerError, getText } from './scrape.ts';

export interface QueryResult {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const TIMEOUT_MS = 10_000;

/** Runs an instant query (https://prometheus.io/docs/prometheus/latest/querying/api/). Throws unless the result is a vector. */
export async function query(prometheusUrl: string, expression: string): Promise<QueryResult[]> {
  const url = `${prometheusUrl}/api/v1/query?query=${encodeURIComponent(expression)}`;
  const { data } = JSON.parse(await getText(url, TIMEOUT_MS)) as {
    data: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (data.resultType !== 'vector')
    throw new Error(`${expression}: the result is a ${data.resultType}, not a vector`);
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** One series of a matrix; times in seconds since the epoch. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [at: number, value: number])[];
}

/** Parses a matrix: the answer to a query such as `up[1h]`, or to a range query. */
export function matrixOf(answer: string): Series[] {
  const { data } = JSON.parse(answer) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  return data.result.map(({ metric, values }) => ({
    labels: metric,
    samples: values.map(([at, value]) => [at, Number(value)] as const),
  }));
}

/** Returns the samples of a selector in the last `window`, such as `30m`. */
export async function samplesIn(
  prometheusUrl: string,
  selector: string,
  window: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<Series[]> {
  const url = `${prometheusUrl}/api/v1/query?query=${encodeURIComponent(`${selector}[${window}]`)}`;
  return matrixOf(await getText(url, timeoutMs));
}

/** An exemplar that Prometheus has stored. */
export interface StoredExemplar {
  readonly series: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
}

/** Returns the exemplars of a selector in the last hour. Needs `--enable-feature=exemplar-storage`. */
export async function exemplarsIn(prometheusUrl: string, selector: string): Promise<StoredExemplar[]> {
  const now = Date.now() / 1000;
  const range = `start=${now - 3600}&end=${now + 60}`;
  const url = `${prometheusUrl}/api/v1/query_exemplars?query=${encodeURIComponent(selector)}&${range}`;
  const { data } = JSON.parse(await getText(url, TIMEOUT_MS)) as {
    data: {
      seriesLabels: Record<string, string>;
      exemplars: { labels: Record<string, string>; value: string; timestamp: number }[];
    }[];
  };
  return data.flatMap(({ seriesLabels: series, exemplars }) =>
    exemplars.map(({ labels, value, timestamp }) => ({ series, labels, value: Number(value), timestamp })),
  );
}

/** Returns whether Prometheus runs in agent mode, in which it answers no queries. */
export async function isAgent(prometheusUrl: string): Promise<boolean> {
  try {
    await query(prometheusUrl, 'vector(1)');
    return false;
  } catch (error) {
    if (error instanceof AnswerError && /Prometheus Agent/.test(error.message)) return true;
    throw error;
  }
}

/**
 * Returns the sum of the last samples of all processes that exposed a counter in the time `window`, such as `30m`. A sample that is lower
 * than the one before belongs to another process at the same address.
 */
export async function totalOfAllLives(
  prometheusUrl: string,
  selector: string,
  window: string,
): Promise<number> {
  const lastOfLives = (values: readonly number[]) => values.filter((value, i) => !(values[i + 1]! >= value));
  return (await samplesIn(prometheusUrl, selector, window))
    .flatMap(({ samples }) => lastOfLives(samples.map(([, value]) => value)))
    .reduce((sum, value) => sum + value, 0);
}

/**
 * Returns how much a counter increased by its raw samples. The first one has none to compare with, and one that is lower than the one
 * before counts from zero.
 */
export function increaseOf(values: readonly number[]): number {
  return values.reduce((sum, value, i) => {
    if (i === 0) return sum;
    return sum + (value >= values[i - 1]! ? value - values[i - 1]! : value);
  }, 0);
}

/** Returns the sum of `increaseOf()` the raw samples of all series of a selector in the last `window`, such as `30m`. */
export async function totalIncrease(
  prometheusUrl: string,
  selector: string,
  window: string,
): Promise<number> {
  return (await samplesIn(prometheusUrl, selector, window))
    .map(({ samples }) => increaseOf(samples.map(([, value]) => value)))
    .reduce((sum, value) => sum + value, 0);
}

export interface RangeResult {
  readonly labels: Readonly<Record<string, string>>;
  /** Times with a value, in seconds since the epoch. */
  readonly at: readonly number[];
}

/** Runs a range query from `from` to `to`, in seconds since the epoch, at steps of `stepS` seconds; returns when there was a value. */
export async function queryRange(
  prometheusUrl: string,
  expression: string,
  { from, to, stepS }: { readonly from: number; readonly to: number; readonly stepS: number },
): Promise<RangeResult[]> {
  const range = `start=${from}&end=${to}&step=${stepS}`;
  const url = `${prometheusUrl}/api/v1/query_range?query=${encodeURIComponent(expression)}&${range}`;
  const series = matrixOf(await getText(url, TIMEOUT_MS));
  return series.map(({ labels, samples }) => ({ labels, at: samples.map(([at]) => at) }));
}

export interface Target {
  readonly job: string;
  readonly instance: string;
  readonly health: string;
  readonly lastError: string;
}

export async function targets(prometheusUrl: string): Promise<Target[]> {
  const { data } = JSON.parse(await getText(`${prometheusUrl}/api/v1/targets`, TIMEOUT_MS)) as {
    data: {
      activeTargets: { labels: { job: string; instance: string }; health: string; lastError: string }[];
    };
  };
  return data.activeTargets.map(({ labels, health, lastError }) => ({ ...labels, health, lastError }));
}

export interface Alert {
  readonly name: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Returns the pending and firing alerts. */
export const alerts = async (prometheusUrl: string): Promise<Alert[]> =>
  alertsOf(await getText(`${prometheusUrl}/api/v1/alerts`, TIMEOUT_MS));

/** Parses an answer of /api/v1/alerts. */
export function alertsOf(answer: string): Alert[] {
  const { data } = JSON.parse(answer) as {
    data: { alerts: { labels: Record<string, string>; state: string }[] };
  };
  return data.alerts.map(({ labels, state }) => ({ name: labels.alertname ?? '', state, labels }));
}

/**
 * Returns the sum of a selector over the current targets of a job. A plain `sum` would include, for five minutes, targets of an earlier
 * run that ended together with Prometheus.
 */
export async function sumOfJob(prometheusUrl: string, job: string, selector: string): Promise<number> {
  const instances = (await targets(prometheusUrl)).filter((t) => t.job === job).map((t) => t.instance);
  const sums = await query(prometheusUrl, `sum by (instance) (${selector})`);
  return sums
    .filter(({ labels }) => instances.includes(labels.instance ?? ''))
    .reduce((sum, { value }) => sum + value, 0);
}
