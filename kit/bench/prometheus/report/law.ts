import { type Line, leastSquares, valueAt } from '../../stats/least-squares.ts';
import type { CellFigures, Side } from '../measure/cell.ts';

const SECONDS_PER_DAY = 86_400;

/** A cell of one round. */
export interface Measured {
  readonly replicas: number;
  readonly side: Side;
  readonly figures: CellFigures;
}

export interface Law {
  /** Resident memory in megabytes by series in memory. */
  readonly memory: Line;
  /** Cores by samples per second. */
  readonly cpu: Line;
}

/** Fits both lines to all cells of all rounds. */
export function lawOf(cells: readonly Measured[]): Law {
  return {
    memory: leastSquares(cells.map(({ figures }) => ({ x: figures.series, y: figures.residentMb }))),
    cpu: leastSquares(cells.map(({ figures }) => ({ x: figures.samplesPerSecond, y: figures.cores }))),
  };
}

/** What a number of replicas would need. */
export interface Need {
  readonly replicas: number;
  readonly side: Side;
  readonly series: number;
  readonly samplesPerSecond: number;
  readonly memoryMb: number;
  readonly cores: number;
  readonly diskGbPerDay: number;
}

/**
 * Extrapolates by the law from the largest measured number of replicas. The disk takes all samples, and the index once a day: Prometheus
 * merges blocks of two hours. @throws Error if that side was not measured
 */
export function needOf(replicas: number, side: Side, cells: readonly Measured[], law: Law): Need {
  const ofSide = cells.filter((cell) => cell.side === side);
  const largest = Math.max(...ofSide.map((cell) => cell.replicas));
  const base = ofSide.find((cell) => cell.replicas === largest);
  if (base === undefined) throw new Error(`no figures of ${side}`);
  const factor = replicas / largest;
  const series = base.figures.series * factor;
  const samplesPerSecond = base.figures.samplesPerSecond * factor;
  const { chunkBytesPerSample, indexBytesPerSeries } = base.figures;
  return {
    replicas,
    side,
    series,
    samplesPerSecond,
    memoryMb: valueAt(law.memory, series),
    cores: valueAt(law.cpu, samplesPerSecond),
    diskGbPerDay:
      (samplesPerSecond * SECONDS_PER_DAY * chunkBytesPerSample + series * indexBytesPerSeries) / 1e9,
  };
}
