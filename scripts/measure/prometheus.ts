import { getText } from './scrape.ts';

export interface QueryResult {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const TIMEOUT_MS = 10_000;

/** An instant vector, as Prometheus' HTTP API gives it. */
export async function query(prometheusUrl: string, expression: string): Promise<QueryResult[]> {
  const url = `${prometheusUrl}/api/v1/query?query=${encodeURIComponent(expression)}`;
  const { data } = JSON.parse(await getText(url, TIMEOUT_MS)) as {
    data: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (data.resultType !== 'vector') throw new Error(`${expression} gives a ${data.resultType}, not a vector`);
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

export interface Target {
  readonly job: string;
  readonly health: string;
  readonly lastError: string;
}

export async function targets(prometheusUrl: string): Promise<Target[]> {
  const { data } = JSON.parse(await getText(`${prometheusUrl}/api/v1/targets`, TIMEOUT_MS)) as {
    data: { activeTargets: { labels: { job: string }; health: string; lastError: string }[] };
  };
  return data.activeTargets.map(({ labels, health, lastError }) => ({ job: labels.job, health, lastError }));
}
