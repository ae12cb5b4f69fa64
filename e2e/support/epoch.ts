import type { Exposition } from '../../kit/test-kit/exposition.ts';

/** Series of the test's own requests, with their values before the restart. */
export type Witnesses = ReadonlyMap<string, number>;

/** Whether a scrape shows values from before (`old`) or after (`new`) the restart. `mixed` must never happen. */
export type Epoch = 'old' | 'new' | 'mixed';

/**
 * Returns the count series with a value of `least` or more. The test sends fewer than `least` requests after the restart, so each
 * of them must then be lower. Sums of durations are left out: a few slow requests may exceed any sum.
 */
export function witnessesOf(exposition: Exposition, least: number): Witnesses {
  const found = new Map<string, number>();
  for (const [series, { name, value }] of exposition) {
    if (/^(?:http_|ping_).*_(?:total|count|bucket)$/.test(name) && value >= least) found.set(series, value);
  }
  return found;
}

/** A missing series counts as reset. */
export function epochOf(witnesses: Witnesses, scrape: Exposition): Epoch {
  const kept = [...witnesses].filter(([series, value]) => (scrape.get(series)?.value ?? 0) >= value).length;
  if (kept === witnesses.size) return 'old';
  return kept === 0 ? 'new' : 'mixed';
}
