import { type Spread, spread } from './spread.ts';

/** Measured values by side. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** Median of each peer divided by the median of ours; null if only ours is 0. */
export type Ratios = Readonly<Record<string, number | null>>;

/** Value of a measure in the JSON: `{ "ours": Spread, "<peer>": Spread, ..., "ratio": Ratios }`. */
export type Comparison = Readonly<Record<string, Spread | Ratios>>;

export type Report = Readonly<Record<string, Comparison>>;

export function compare(samples: Samples, unit: string): Comparison {
  const sides = Object.entries(samples).map(([side, values]) => [side, spread(values, unit)] as const);
  return comparisonOf(Object.fromEntries(sides));
}

/** Adds the ratios to the spreads. @throws Error without figures of ours */
export function comparisonOf(sides: Readonly<Record<string, Spread>>): Comparison {
  const ours = sides.ours;
  if (ours === undefined) throw new Error(`no figures of ours, only of ${Object.keys(sides).join(', ')}`);
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

/** Samples the sides in turns, A B C A B C, so changes on the machine affect all of them. */
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
