import type { ClientLabels } from '../client/client-internals.ts';
import { seriesKey } from '../format/series-key.ts';
import type { DefinedMetric } from './defined-metric.ts';
import type { MetricCells } from './metric-cells.ts';

/** The application's own label values for each series of this process, by the key of the series in the file. */
export class OriginalLabels {
  readonly #defined: DefinedMetric;
  readonly #cells: MetricCells;
  /** Built at the first `get()`. */
  #byKey: Map<string, ClientLabels> | undefined;

  constructor(defined: DefinedMetric, cells: MetricCells) {
    this.#defined = defined;
    this.#cells = cells;
  }

  get(key: string): ClientLabels | undefined {
    const defined = this.#defined;
    this.#byKey ??= new Map(
      this.#cells.all.map(({ labels }) => [
        seriesKey(defined.definition.labelNames, defined.pairs(labels)),
        defined.inJson(labels),
      ]),
    );
    return this.#byKey.get(key);
  }

  /** Must be called after series were added or removed. */
  forget(): void {
    this.#byKey = undefined;
  }
}
