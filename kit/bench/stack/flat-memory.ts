import type { Spread } from '../stats/spread.ts';

/** Memory at the end to that at the beginning, at most: a heap that V8 lets grow while it is young is no leak. */
export const MOST = 1.5;
const MEASURES = ['memory_to_first_round', 'resident_end_to_start'];

/** A sentence for each measure of memory that grew while the load stayed the same. */
export function grownMemory(measures: Readonly<Record<string, Spread>>): string[] {
  return MEASURES.flatMap((name) => {
    const { median } = measures[name] ?? { median: 1 };
    return median <= MOST ? [] : [`${name}: ${median.toFixed(2)}, more than ${MOST}: memory is not flat`];
  });
}
