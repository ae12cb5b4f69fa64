export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/** Median (the upper one of an even number), minimum and maximum. @throws Error without values */
export function spread(values: readonly number[], unit: string): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) throw new Error(`no values to summarize (${unit})`);
  return { median: sorted[Math.floor(sorted.length / 2)]!, min: sorted[0]!, max: sorted.at(-1)!, unit };
}

/** Smallest value that `share` of the values does not exceed; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!;
}

/** Arithmetic mean; NaN without values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
