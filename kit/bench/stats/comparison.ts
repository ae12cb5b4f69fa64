import { type Spread, spread } from './spread.ts';

/** What was measured, by side. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** How many times as much as ours each peer takes; null where ours is 0 and the peer's is not. */
export type Ratios = Readonly<Record<string, number | null>>;

/** `{ "ours": Spread, "<peer>": Spread, ..., "ratio": Ratios }`: what stands in the JSON under the name of a measure. */
export type Comparison = Readonly<Record<string, Spread | Ratios>>;

export type Report = Readonly<Record<string, Comparison>>;

export function compare(samples: Samples, unit: string): Comparison {
  const sides = Object.entries(samples).map(([side, values]) => [side, spread(values, unit)] as const);
  return comparisonOf(Object.fromEntries(sides));
}

/** @throws Error where there is nothing of ours to compare with */
export function comparisonOf(sides: Readonly<Record<string, Spread>>): Comparison {
  const ours = sides.ours;
  if (ours === undefined) throw new Error(`nothing of ours among ${Object.keys(sides).join(', ')}`);
  const peers = Object.entries(sides).filter(([side]) => side !== 'ours');
  return { ...sides, ratio: Object.fromEntries(peers.map(([side, peer]) => [side, times(peer, ours)])) };
}

function times(peer: Spread, ours: Spread): number | null {
  if (ours.median === 0) return peer.median === 0 ? 1 : null;
  return Number((peer.median / ours.median).toPrecision(4));
}

export function sidesOf(comparison: Comparison): Record<string, Spread> {
  const { ratio: _, ...sides } = comparison;
  return sides as Record<string, Spread>;
}

export function ratiosOf(comparison: Comparison): Ratios {
  return comparison.ratio as Ratios;
}

/** One sample of each side after the other, A B C A B C, so that what changes on the machine meets all of them. */
export async function alternate(
  sides: readonly string[],
  rounds: number,
  sample: (side: string, round: number) => Promise<number>,
): Promise<Record<string, number[]>> {
  const samples = Object.fromEntries(sides.map((side) => [side, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) samples[side]!.push(await sample(side, round));
  }
  return samples;
}
