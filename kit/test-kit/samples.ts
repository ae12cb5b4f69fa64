import { matrixOf } from './prometheus.ts';
import { getText } from './scrape.ts';

/** A sample of one series: time in milliseconds since the epoch. */
export interface Sample {
  readonly series: string;
  readonly at: number;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

const TIMEOUT_MS = 30_000;

/** Returns the labels sorted by name, except those in `without`. */
function seriesOf(labels: Labels, without: readonly string[] = []): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => !without.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Returns the samples of all series of a matrix, which matrixOf() parses. */
export function samplesOfMatrix(answer: string): Sample[] {
  return matrixOf(answer).flatMap(({ labels, samples }) => {
    const series = seriesOf(labels);
    return samples.map(([at, value]) => ({ series, at: Math.round(at * 1000), value }));
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
