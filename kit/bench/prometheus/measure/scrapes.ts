import type { Series } from '../../../test-kit/prometheus.ts';
import { quantile } from '../../stats/spread.ts';

/** Median and 99th percentile of scrape durations in milliseconds. */
export function durationsOf(series: readonly Series[]): { readonly median: number; readonly p99: number } {
  const values = series.flatMap(({ samples }) => samples.map(([, seconds]) => seconds * 1000));
  return { median: quantile(values, 0.5), p99: quantile(values, 0.99) };
}

export interface ScrapeAccount {
  readonly scrapes: number;
  /** Scrapes that failed: their `up` is 0. */
  readonly failed: number;
  /** Scrapes that did not take place, by the gaps between the samples of `up`. */
  readonly missed: number;
}

/** Account of the samples of `up`, one series for each of `targets` targets. A target without samples missed all scrapes. */
export function accountOf(
  ups: readonly Series[],
  {
    targets,
    intervalS,
    seconds,
  }: { readonly targets: number; readonly intervalS: number; readonly seconds: number },
): ScrapeAccount {
  let [scrapes, failed] = [0, 0];
  let missed = (targets - ups.length) * Math.floor(seconds / intervalS);
  for (const { samples } of ups) {
    scrapes += samples.length;
    failed += samples.filter(([, up]) => up !== 1).length;
    for (const [i, [at]] of samples.entries()) {
      if (i > 0) missed += Math.max(0, Math.round((at - samples[i - 1]![0]) / intervalS) - 1);
    }
  }
  return { scrapes, failed, missed };
}
