import type { Exposition } from '../../test-kit/exposition.ts';
import { type Decrease, decreases } from '../../test-kit/monotonic.ts';

/** Difference between two scrapes. */
export type Change =
  | { readonly kind: 'continued' }
  /** Every series was reset together. */
  | { readonly kind: 'reset' }
  /** Some series decreased and others did not: a scrape that mixes old and new values. */
  | { readonly kind: 'decreased'; readonly decreases: readonly Decrease[]; readonly kept: readonly string[] };

/**
 * Compares two scrapes. After a restart a series of requests can show at most `sinceRestart`, so every series that was above it must
 * be lower or absent. Pass undefined if no restart came between the scrapes.
 */
export function changeBetween(
  before: Exposition,
  after: Exposition,
  at: number,
  sinceRestart: number | undefined,
): Change {
  const fallen = decreases(before, after, at);
  if (fallen.length === 0) return { kind: 'continued' };
  if (sinceRestart === undefined) return { kind: 'decreased', decreases: fallen, kept: [] };
  const checked = [...before].filter(
    ([, { name, value }]) => /^(?:http_|ping_).*_(?:total|count|bucket)$/.test(name) && value > sinceRestart,
  );
  const kept = checked
    .filter(([series, { value }]) => (after.get(series)?.value ?? 0) >= value)
    .map(([series]) => series);
  return kept.length === 0 ? { kind: 'reset' } : { kind: 'decreased', decreases: fallen, kept };
}
