import type { Spread } from '../stats/spread.ts';

/** Largest allowed ratio of memory at the end to memory at the start: V8 lets a young heap grow without a leak. */
export const MOST = 1.5;
const MEASURES = ['memory_to_first_round', 'resident_end_to_start'];

/** One sentence for each memory measure that exceeds `MOST`. */
export function grownMemory(measures: Readonly<Record<string, Spread>>): string[] {
  return MEASURES.flatMap((name) => {
    const { median } = measures[name] ?? { median: 1 };
    return median <= MOST
      ? []
      : [`${name}: ${median.toFixed(2)}, above ${MOST}: memory grows under constant load`];
  });
}
