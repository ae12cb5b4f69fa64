/** The bounds that a histogram was given, as slot files hold them: ascending, none twice, finite. */
export function ascendingBounds(bounds: readonly number[] = []): number[] {
  const finite = bounds.map(Number).filter(Number.isFinite);
  return [...new Set(finite)].sort((a, b) => a - b);
}

/** Index of the first bucket whose upper bound is not below `value`; that of +Inf where none is. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let bucket = 0;
  while (bucket < bounds.length && !(value <= bounds[bucket]!)) bucket++;
  return bucket;
}

export function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i]);
}
