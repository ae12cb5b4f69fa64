import type { MetricCells } from './metric-cells.ts';
import type { ClientLabels } from './prom-client-internals.ts';
import { seriesKey } from './series-key.ts';

/** The labels of a process's series as the application gave them, by what they are to all processes. */
export class GivenLabels {
  readonly #labelNames: readonly string[];
  readonly #cells: MetricCells;
  /** Made when it is asked. */
  #byKey: Map<string, ClientLabels> | undefined;

  constructor(labelNames: readonly string[], cells: MetricCells) {
    this.#labelNames = labelNames;
    this.#cells = cells;
  }

  get(key: string): ClientLabels | undefined {
    this.#byKey ??= new Map(
      this.#cells.all.map(({ labels }) => [seriesKey(this.#labelNames, this.#cells.pairs(labels)), labels]),
    );
    return this.#byKey.get(key);
  }

  /** Told that there are other series now. */
  forget(): void {
    this.#byKey = undefined;
  }
}
