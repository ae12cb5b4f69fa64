import { getText } from './scrape.ts';

/** A sample of one series: time in milliseconds since the epoch. */
export interface Sample {
  readonly series: string;
  readonly at: number;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

const TIMEOUT_MS = 30_000;

/** The labels in a fixed order, without those that only remote write adds. */
function seriesOf(labels: Labels, without: readonly string[] = []): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => !without.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Parses a matrix of Prometheus' HTTP API: the answer to a query such as `up[1h]`. */
export function samplesOfMatrix(answer: string): Sample[] {
  const { data } = JSON.parse(answer) as {
    data: { result: { metric: Labels; values: [number, string][] }[] };
  };
  return data.result.flatMap(({ metric, values }) => {
    const series = seriesOf(metric);
    return values.map(([at, value]) => ({ series, at: Math.round(at * 1000), value: Number(value) }));
  });
}

/**
 * Returns all samples of a selector in VictoriaMetrics, as they were received, without the label `deployment`. See
 * https://docs.victoriametrics.com/victoriametrics/#how-to-export-data-in-json-line-format
 */
export async function receivedSamples(url: string, selector: string): Promise<Sample[]> {
  const lines = await getText(`${url}/api/v1/export?match[]=${encodeURIComponent(selector)}`, TIMEOUT_MS);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const { metric, values, timestamps } = JSON.parse(line) as {
        metric: Labels;
        values: (number | null)[];
        timestamps: number[];
      };
      const series = seriesOf(metric, ['deployment']);
      return timestamps.map((at, i) => ({ series, at, value: values[i] ?? Number.NaN }));
    });
}

/** Returns the samples that are not, with the same time and value, among the received ones. */
export function missingSamples(sent: readonly Sample[], received: readonly Sample[]): Sample[] {
  const key = ({ series, at, value }: Sample) => `${at} ${value} ${series}`;
  const there = new Set(received.map(key));
  return sent.filter((sample) => !there.has(key(sample)));
}
