import type { Cells } from './slot-file.ts';

/** Makes a series absent. The first cell first: its becoming NaN is what makes the series absent. */
export function makeAbsent({ array, base }: Cells, count: number): void {
  array[base] = Number.NaN;
  for (let i = 1; i < count; i++) array[base + i] = 0;
}
