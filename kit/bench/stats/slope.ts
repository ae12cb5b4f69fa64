import { quantile } from './spread.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * How much y grows with x: the median of the slopes between every two points (Theil and Sen), which one bad point does not
 * move far; and the least and the greatest between neighbours.
 */
export function medianSlope(points: readonly Point[]): { median: number; min: number; max: number } {
  const sorted = points.toSorted((a, b) => a.x - b.x);
  if (sorted.length < 2) throw new Error(`no slope through ${sorted.length} points`);
  const between = sorted.flatMap((from, i) =>
    sorted.slice(i + 1).map((to) => (to.y - from.y) / (to.x - from.x)),
  );
  const neighbours = sorted.slice(1).map((to, i) => (to.y - sorted[i]!.y) / (to.x - sorted[i]!.x));
  return { median: quantile(between, 0.5), min: Math.min(...neighbours), max: Math.max(...neighbours) };
}
