import type { Exposition } from '../../kit/test-kit/exposition.ts';

/** Series of the requests the test itself made, and what they had reached before the restart. */
export type Witnesses = ReadonlyMap<string, number>;

/** Which life of the application a scrape shows: `mixed` is the half-old, half-new one that must never be. */
export type Epoch = 'old' | 'new' | 'mixed';

/**
 * The series that had reached `least` or more. A restart must set each of them below that: the test sends fewer requests
 * than `least` afterwards. Sums of durations are left out, as a few slow requests may pass any sum.
 */
export function witnessesOf(exposition: Exposition, least: number): Witnesses {
  const found = new Map<string, number>();
  for (const [series, { name, value }] of exposition) {
    if (/^(?:http_|ping_).*_(?:total|count|bucket)$/.test(name) && value >= least) found.set(series, value);
  }
  return found;
}

/** A series that is not there counts as set back. */
export function epochOf(witnesses: Witnesses, scrape: Exposition): Epoch {
  const kept = [...witnesses].filter(([series, value]) => (scrape.get(series)?.value ?? 0) >= value).length;
  if (kept === witnesses.size) return 'old';
  return kept === 0 ? 'new' : 'mixed';
}
