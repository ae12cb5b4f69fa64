import { quantile } from './spread.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Theil-Sen slope: the median of the slopes between every two points, robust against outliers. Minimum and maximum are those between
 * neighbours. @throws Error with fewer than two points
 */
export function medianSlope(points: readonly Point[]): { median: number; min: number; max: number } {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  if (sorted.length < 2) throw new Error(`a slope needs 2 points, not ${sorted.length}`);
  const between = sorted.flatMap((from, i) =>
    sorted.slice(i + 1).map((to) => (to.y - from.y) / (to.x - from.x)),
  );
  const neighbours = sorted.slice(1).map((to, i) => (to.y - sorted[i]!.y) / (to.x - sorted[i]!.x));
  return { median: quantile(between, 0.5), min: Math.min(...neighbours), max: Math.max(...neighbours) };
}
