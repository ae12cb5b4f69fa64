/** Returns bucket bounds as stored in slot files: finite, ascending, without duplicates. */
export function ascendingBounds(bounds: readonly number[] = []): number[] {
  const finite = bounds.map(Number).filter(Number.isFinite);
  return [...new Set(finite)].sort((a, b) => a - b);
}

/** Returns the index of the first bucket with an upper bound of at least `value`, or the index of +Inf. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let bucket = 0;
  while (bucket < bounds.length && !(value <= bounds[bucket]!)) bucket++;
  return bucket;
}

export function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i]);
}
