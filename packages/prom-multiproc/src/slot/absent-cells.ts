import type { Cells } from './slot-file.ts';

/** Makes a series absent. The first cell is written first, because its NaN marks the series as absent: FORMAT.md#writing. */
export function makeAbsent({ array, base }: Cells, count: number): void {
  array[base] = Number.NaN;
  for (let i = 1; i < count; i++) array[base + i] = 0;
}
