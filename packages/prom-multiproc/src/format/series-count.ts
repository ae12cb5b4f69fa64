import { CELLS_PER_CHUNK, cellsPerSeries, type MetricDefinition, placeCells } from './layout.ts';
import { BadLogError, type LogVisitor } from './log-codec.ts';

/** Counts the series and cells of a part of a log. */
export class SeriesCount implements LogVisitor {
  count = 0;
  /** Number of cells up to the end of the last series. */
  cellCount: number;
  readonly #metrics: readonly MetricDefinition[];

  constructor(metrics: readonly MetricDefinition[], cellCount: number) {
    this.#metrics = metrics;
    this.cellCount = cellCount;
  }

  onMetric(): void {}

  onSeries(metric: number): void {
    const cells = cellsPerSeries(this.#metrics[metric]!);
    if (cells > CELLS_PER_CHUNK) throw new BadLogError(`series of ${cells} cells exceeds a chunk`);
    this.cellCount = placeCells(this.cellCount, cells) + cells;
    this.count++;
  }
}
