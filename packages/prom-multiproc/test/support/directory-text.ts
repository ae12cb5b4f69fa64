import { selfMetrics } from '../../src/exposition/self-metrics.ts';
import { renderFamily } from '../../src/exposition/text-format.ts';
import { DirectoryReader } from '../../src/merge/directory-reader.ts';
import { loadLibc } from '../../src/os/libc.ts';
import { sample } from './sample.ts';
import type { Cleanup } from './temporary-directory.ts';

/** A reader of a directory as a process that only reads has one. */
export class TextReader {
  /** What was said of files that cannot be trusted. */
  readonly complaints: string[] = [];
  readonly #reader: DirectoryReader;

  constructor(test: Cleanup, directory: string, libc = loadLibc()) {
    this.#reader = new DirectoryReader(libc, directory, (path, error) =>
      this.complaints.push(`${path}: ${error.message}`),
    );
    test.after(() => this.#reader.close());
  }

  /** What is known of the slots, as of now. */
  slots(): DirectoryReader['status']['slots'] {
    this.#reader.refresh();
    return this.#reader.status.slots;
  }

  /** Looks for names to read ahead. In how many slots there were some. */
  lookAhead(): number {
    return [...this.#reader.readAhead()].length;
  }

  /** How many files `prom_multiproc_unreadable_slots` counts, as of the last reading. */
  heldFiles(): number | undefined {
    const families = [...selfMetrics(this.#reader.status, new Map())];
    const unreadable = families.find(({ name }) => name === 'prom_multiproc_unreadable_slots')!;
    return sample(renderFamily(unreadable, { openMetrics: false }), unreadable.name);
  }

  /** All families as text, as of now. */
  text(): string {
    this.#reader.refresh();
    const options = { openMetrics: false };
    return `${[...this.#reader.families.values()].map((family) => renderFamily(family, options)).join('\n')}\n`;
  }
}
