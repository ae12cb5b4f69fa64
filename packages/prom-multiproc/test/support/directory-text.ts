import { renderFamily, renderPage } from '../../src/exposition/page.ts';
import { formatOf, type PageFormat, type Syntax, TEXT } from '../../src/exposition/page-format.ts';
import { selfMetrics } from '../../src/exposition/self-metrics.ts';
import { rowsOf } from '../../src/exposition/series-rows.ts';
import type { Exemplar } from '../../src/format/exemplar-record.ts';
import { DirectoryReader } from '../../src/merge/directory-reader.ts';
import { labelText } from '../../src/merge/label-text.ts';
import { loadLibc } from '../../src/os/libc.ts';
import { sample } from './sample.ts';
import type { Cleanup } from './temporary-directory.ts';

const OPEN_METRICS = formatOf('application/openmetrics-text');

/** Reads a directory as text, like a process that only reads. */
export class TextReader {
  /** The errors of files that cannot be trusted, with their paths. */
  readonly errors: string[] = [];
  readonly #reader: DirectoryReader;

  constructor(test: Cleanup, directory: string, libc = loadLibc()) {
    this.#reader = new DirectoryReader(libc, directory, (path, error) =>
      this.errors.push(`${path}: ${error.message}`),
    );
    test.after(() => this.#reader.close());
  }

  /** Refreshes and returns the status of the slots. */
  slots(): DirectoryReader['status']['slots'] {
    this.#reader.refresh();
    return this.#reader.status.slots;
  }

  /** Reads new records ahead. @returns the number of slots that had some. */
  lookAhead(): number {
    return [...this.#reader.readAhead()].length;
  }

  /** The value of `prom_multiproc_unreadable_slots` at the last refresh. */
  unreadableSlots(): number | undefined {
    const families = [...selfMetrics(this.#reader.status, new Map())];
    const unreadable = families.find(({ name }) => name === 'prom_multiproc_unreadable_slots')!;
    return sample(renderFamily(unreadable, TEXT), unreadable.name);
  }

  /** The start times of all series at the last refresh, as lines `<name>_created{<labels>} <Unix time>`. */
  startTimes(): string {
    const lines: string[] = [];
    for (const family of this.#reader.families.values()) {
      for (const group of family.groups()) {
        const labels = labelText(family.table.labels(group[0]!));
        const start = rowsOf(family, group)?.start ?? 0;
        if (start > 0) lines.push(`${family.name}_created${labels === '' ? '' : `{${labels}}`} ${start}\n`);
      }
    }
    return lines.join('');
  }

  /** Refreshes and returns the exemplars, as OpenMetrics writes them, by the text of their series. */
  exemplars(): Map<string, string> {
    return new Map(
      this.#text(OPEN_METRICS)
        .split('\n')
        .filter((line) => line.includes(' # {'))
        .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' # {') + 3)]),
    );
  }

  /** Refreshes and returns the merged exemplars, also those with names that no page shows. */
  storedExemplars(): Exemplar[] {
    this.#reader.refresh();
    const tables = new Set([...this.#reader.families.values()].map(({ table }) => table));
    return [...tables].flatMap(({ exemplars }) => [...exemplars.values()]);
  }

  /** Refreshes and returns all families as text. */
  text(): string {
    return this.#text(TEXT);
  }

  /** Refreshes and returns the page of all families in a format. */
  page(syntax: Syntax): Buffer {
    this.#reader.refresh();
    return renderPage(this.#reader.families.values(), { syntax, addsTotal: true });
  }

  #text(format: PageFormat): string {
    this.#reader.refresh();
    return `${[...this.#reader.families.values()].map((family) => renderFamily(family, format)).join('\n')}\n`;
  }
}
