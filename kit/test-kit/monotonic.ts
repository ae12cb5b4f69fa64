import type { Exposition, Sample } from './exposition.ts';

/** A decrease of a counter-like series between two scrapes; `after` is undefined if the series disappeared. */
export interface Decrease {
  readonly series: string;
  readonly before: number;
  readonly after: number | undefined;
  /** Time of the second scrape, in milliseconds since the epoch. */
  readonly at: number;
}

/** Counters, all series of histograms, and count and sum of summaries. Quantiles may decrease. */
export function isCounterLike(sample: Sample): boolean {
  if (sample.type === 'counter') return true;
  if (sample.type === 'histogram') return true;
  return sample.type === 'summary' && /_(?:count|sum)$/.test(sample.name);
}

/** Returns the decreases between two scrapes. NaN counts as a decrease, hence `!(now >= before)`; so does a missing series. */
export function decreases(before: Exposition, after: Exposition, at: number): Decrease[] {
  const found: Decrease[] = [];
  for (const [series, sample] of before) {
    if (!isCounterLike(sample)) continue;
    const now = after.get(series)?.value;
    if (now === undefined || !(now >= sample.value)) {
      found.push({ series, before: sample.value, after: now, at });
    }
  }
  return found;
}

/** Compares each scrape with the previous successful one. */
export class MonotonicWatch {
  readonly decreases: Decrease[] = [];
  #last: Exposition | undefined;

  take(scrape: Exposition, at: number): Decrease[] {
    const found = this.#last ? decreases(this.#last, scrape, at) : [];
    this.#last = scrape;
    this.decreases.push(...found);
    return found;
  }
}
