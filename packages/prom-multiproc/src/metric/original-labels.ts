import type { ClientLabels } from '../client/client-internals.ts';
import { seriesKey } from '../format/series-key.ts';
import type { DefinedMetric } from './defined-metric.ts';
import type { MetricCells } from './metric-cells.ts';

/** The labels of a process's series as the application gave them, by what they are to all processes: default labels included. */
export class OriginalLabels {
  readonly #defined: DefinedMetric;
  readonly #cells: MetricCells;
  /** Made when it is asked. */
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

  /** Must be called when series were added or removed. */
  forget(): void {
    this.#byKey = undefined;
  }
}
