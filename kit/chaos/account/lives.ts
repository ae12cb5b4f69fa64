import type { Exposition } from '../../test-kit/exposition.ts';
import { type Decrease, decreases } from '../../test-kit/monotonic.ts';

/** What a scrape shows, held against the one before it. */
export type Change =
  | { readonly kind: 'went on' }
  /** Every series set back, together. */
  | { readonly kind: 'set back' }
  /** Some series fell and others did not: the half-old, half-new scrape that must never be. */
  | { readonly kind: 'fell'; readonly decreases: readonly Decrease[]; readonly kept: readonly string[] };

/**
 * A new life of the application can show at most `sinceEndOfLife` in any series of requests. So each one that had reached
 * more must be lower now, or gone: these are the witnesses. Undefined where no life has ended in between.
 */
export function changeBetween(
  before: Exposition,
  after: Exposition,
  at: number,
  sinceEndOfLife: number | undefined,
): Change {
  const fallen = decreases(before, after, at);
  if (fallen.length === 0) return { kind: 'went on' };
  if (sinceEndOfLife === undefined) return { kind: 'fell', decreases: fallen, kept: [] };
  const witnesses = [...before].filter(
    ([, { name, value }]) =>
      /^(?:http_|ping_).*_(?:total|count|bucket)$/.test(name) && value > sinceEndOfLife,
  );
  const kept = witnesses
    .filter(([series, { value }]) => (after.get(series)?.value ?? 0) >= value)
    .map(([series]) => series);
  return kept.length === 0 ? { kind: 'set back' } : { kind: 'fell', decreases: fallen, kept };
}
