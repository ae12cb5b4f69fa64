import type { Point } from './slope.ts';
import { mean } from './spread.ts';

/** y = intercept + slope * x. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** Root mean square of the distances of the points from the line, in units of y. */
  readonly residual: number;
}

/** Fits a line by ordinary least squares. @throws Error without two different x */
export function leastSquares(points: readonly Point[]): Line {
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  const variance = mean(points.map((point) => (point.x - x) ** 2));
  if (!(variance > 0)) throw new Error('a line needs points at two different x');
  const slope = mean(points.map((point) => (point.x - x) * (point.y - y))) / variance;
  const intercept = y - slope * x;
  const residual = Math.sqrt(mean(points.map((point) => (point.y - intercept - slope * point.x) ** 2)));
  return { intercept, slope, residual };
}

export const valueAt = ({ intercept, slope }: Line, x: number): number => intercept + slope * x;
