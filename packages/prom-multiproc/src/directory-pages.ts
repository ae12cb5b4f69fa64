import { renderPage } from './exposition/page.ts';
import type { PageFormat } from './exposition/page-format.ts';
import { isSelfMetric, selfMetrics } from './exposition/self-metrics.ts';
import { DirectoryReader, type SlotStatus } from './merge/directory-reader.ts';
import { loadLibc } from './os/libc.ts';
import type { Selection } from './process/registry-view.ts';
import { printable } from './util/printable.ts';

export interface ReaderOptions {
  /** Shows the counts of registries of this name: see `ShareOptions.name`. Default: of registries without a name. */
  readonly name?: string;
  /** Called once for each slot file that becomes unreadable. The totals keep its last good values. Default: a process warning. */
  readonly onUnreadable?: (path: string, error: Error) => void;
}

/** A page whose format is not chosen yet. Render it before the next one is made. */
export interface Draft {
  readonly hasExemplars: boolean;
  render(format: PageFormat): Buffer;
}

/** The pages of a metrics directory, read from outside the application. */
export class DirectoryPages {
  readonly #directory: string;
  readonly #selection: Selection;
  readonly #onUnreadable: (path: string, error: Error) => void;
  readonly #reported = new Set<string>();
  readonly #all: DirectoryReader;
  readonly #single = new Map<number, DirectoryReader>();

  /** @throws Error if this platform cannot read slot files */
  constructor(directory: string, { name, onUnreadable = warn }: ReaderOptions = {}) {
    this.#directory = directory;
    this.#selection = { names: new Set([name]), selfMetrics: true };
    // The reader of the totals and the reader of a single slot report the same damage.
    this.#onUnreadable = (path, error) => {
      const what = `${path}: ${error.message}`;
      if (!this.#reported.has(what)) onUnreadable(path, error);
      this.#reported.add(what);
    };
    this.#all = new DirectoryReader(loadLibc(), directory, this.#onUnreadable);
  }

  /** Returns the totals of all slots and the self-metrics. @throws Error if the directory cannot be read */
  totals(): Draft {
    this.#all.refresh();
    return draft(this.#all, this.#selection);
  }

  /**
   * Returns the counts, gauges and summary quantiles of one slot, or undefined if no living process holds it. `selection` replaces that
   * of the constructor.
   * @throws Error if the directory cannot be read
   */
  worker(slot: number, selection = this.#selection): Draft | undefined {
    let reader = this.#single.get(slot);
    if (reader === undefined) {
      reader = new DirectoryReader(loadLibc(), this.#directory, this.#onUnreadable, slot);
      this.#single.set(slot, reader);
    }
    reader.refresh();
    if (reader.status.slots.some(({ live }) => live)) return draft(reader, selection);
    reader.close();
    this.#single.delete(slot);
    return undefined;
  }

  /** Returns the state of every slot, by ascending number. @throws Error if the directory cannot be read */
  slots(): readonly SlotStatus[] {
    this.#all.refresh();
    return this.#all.status.slots;
  }

  close(): void {
    this.#all.close();
    for (const reader of this.#single.values()) reader.close();
    this.#single.clear();
  }
}

function draft({ families, status }: DirectoryReader, selection: Selection): Draft {
  const counted = [...families.values()].filter(
    ({ name, registry }) => selection.names.has(registry) && !isSelfMetric(name),
  );
  const own = selection.selfMetrics ? () => selfMetrics(status, families) : () => [];
  return {
    hasExemplars: counted.some(({ hasExemplars }) => hasExemplars),
    render: (format) => renderPage([...counted, ...own()], format),
  };
}

function warn(path: string, error: Error): void {
  process.emitWarning(
    printable(
      `cannot read ${path}: ${error.message}. The totals keep its last good values; later counts in it are missing. Clear the directory at the next start`,
    ),
    {
      type: 'PromMultiprocWarning',
      code: 'PROM_MULTIPROC_UNREADABLE',
    },
  );
}
