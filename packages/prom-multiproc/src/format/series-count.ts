import { CELLS_PER_CHUNK, cellsPerSeries, type MetricDefinition, placeCells } from './layout.ts';
import { BadLogError, type LogVisitor } from './log-codec.ts';

/** Counts the series of a stretch of log and their cells. */
export class SeriesCount implements LogVisitor {
  count = 0;
  /** Cells in use up to and with the last series. */
  cellCount: number;
  readonly #metrics: readonly MetricDefinition[];

  constructor(metrics: readonly MetricDefinition[], cellCount: number) {
    this.#metrics = metrics;
    this.cellCount = cellCount;
  }

  onMetric(): void {}

  onSeries(metric: number): void {
    const cells = cellsPerSeries(this.#metrics[metric]!);
    if (cells > CELLS_PER_CHUNK) throw new BadLogError(`series of ${cells} cells`);
    this.cellCount = placeCells(this.cellCount, cells) + cells;
    this.count++;
  }
}
