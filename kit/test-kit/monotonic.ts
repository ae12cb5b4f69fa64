import type { Exposition, Sample } from './exposition.ts';

/** A counter-like series that did not go on from where it was; `after` is undefined where it disappeared. */
export interface Decrease {
  readonly series: string;
  readonly before: number;
  readonly after: number | undefined;
  /** Milliseconds since the epoch: when the second of the two scrapes was read. */
  readonly at: number;
}

/** Counters, and what a histogram or a summary counts. A summary's quantiles may fall. */
function isCounterLike(sample: Sample): boolean {
  if (sample.type === 'counter') return true;
  if (sample.type === 'histogram') return true;
  return sample.type === 'summary' && /_(?:count|sum)$/.test(sample.name);
}

/** `!(now >= before)`, never `now < before`: a NaN is a failure. A series that is gone is one too. */
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

/** Holds each scrape against the successful one before it. */
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
