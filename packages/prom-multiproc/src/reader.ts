import { DirectoryPages, type ReaderOptions } from './directory-pages.ts';
import { TEXT } from './exposition/page-format.ts';
import type { SlotStatus } from './merge/directory-reader.ts';

export type { ReaderOptions } from './directory-pages.ts';

/** Reads a metrics directory from outside the application, as a standalone exporter does. Never writes to it. */
export class Reader {
  readonly #pages: DirectoryPages;

  /** @throws Error if this platform cannot read slot files */
  constructor(directory: string, options: ReaderOptions = {}) {
    this.#pages = new DirectoryPages(directory, options);
  }

  /**
   * Returns the totals of all slots and the self-metrics in the Prometheus text format.
   * @throws Error if the directory cannot be read
   */
  metrics(): string {
    return this.#pages.totals().render(TEXT).toString();
  }

  /**
   * Returns the counts, gauges and summary quantiles of one slot, or undefined if no living process holds it.
   * @throws Error if the directory cannot be read
   */
  workerMetrics(slot: number): string | undefined {
    return this.#pages.worker(slot)?.render(TEXT).toString();
  }

  /** Returns the state of every slot, by ascending number. @throws Error if the directory cannot be read */
  slots(): readonly SlotStatus[] {
    return this.#pages.slots();
  }

  close(): void {
    this.#pages.close();
  }
}
