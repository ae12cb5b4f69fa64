import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Family, type MergedSeries } from './family.ts';
import { type MetricDefinition, slotFileName, slotOfFileName } from './format.ts';
import type { Libc } from './libc.ts';
import { decodeLabels } from './log-record.ts';
import { seriesKey } from './series-key.ts';
import { FileReplacedError, type SlotListener, SlotReader } from './slot-reader.ts';
import { statDirectory } from './stat-directory.ts';

/** What one merge found, beside the families. */
export interface DirectoryStatus {
  /** Slots held by a living process. */
  readonly live: number;
  readonly slots: readonly SlotStatus[];
  /** Duration of the merge. */
  readonly seconds: number;
}

export interface SlotStatus {
  readonly slot: number;
  /** Whether a living process holds the slot. */
  readonly live: boolean;
  /** Why the slot is held at its last good values. */
  readonly error: string | undefined;
  /** Unix times in seconds. */
  readonly started: number;
  readonly heartbeat: number;
  readonly refused: number;
  readonly bytes: number;
  readonly series: number;
}

interface SlotView extends SlotListener {
  readonly reader: SlotReader;
  readonly gauges: { readonly series: MergedSeries; readonly cell: number; readonly timed: boolean }[];
  /** For each series to be added up: its first cell, the number of its cells to add, where their totals begin. */
  readonly sums: NumberList;
  error: string | undefined;
}

/** The series of a family whose labels are written with the same label names. */
interface NamedSeries {
  readonly family: Family;
  readonly definition: MetricDefinition;
  /** By the bytes of their labels in a log: most slots have most series in common. */
  readonly byBytes: Map<string, MergedSeries>;
}

/**
 * The whole application's metrics, read from the slot files of a directory. Reading waits for nobody and changes
 * nothing. A slot file that cannot be trusted is left out of new reading and held at its last good values.
 */
export class DirectoryReader {
  readonly families = new Map<string, Family>();
  /** Sums over all slots in slot order, by `base` of a series' part; NaN where no slot has the series. */
  totals = new Float64Array(1024);
  /** What the last merge found. */
  status: DirectoryStatus = { live: 0, slots: [], seconds: 0 };

  readonly #libc: Libc;
  readonly #directory: string;
  readonly #onUnreadable: (path: string, error: Error) => void;
  readonly #onlySlot: number | undefined;
  readonly #slots = new Map<number, SlotView>();
  /** Files that others have replaced: held at their last good values beside those. */
  readonly #replaced: SlotView[] = [];
  /** Emptied after each merge: it pays while the logs of many slots are read for the first time. */
  readonly #byBytes = new Map<string, Map<string, MergedSeries>>();
  #totalCount = 0;

  /** `onlySlot` reads that one slot as its process shows itself: gauges unaggregated, summaries with quantiles. */
  constructor(
    libc: Libc,
    directory: string,
    onUnreadable: (path: string, error: Error) => void,
    onlySlot?: number,
  ) {
    this.#libc = libc;
    this.#onlySlot = onlySlot;
    this.#directory = directory;
    this.#onUnreadable = onUnreadable;
  }

  /**
   * Reads what is new and adds everything up.
   * @throws Error where the directory itself cannot be read.
   */
  refresh(): DirectoryStatus {
    const began = performance.now();
    const { uid } = statDirectory(this.#directory);
    if (this.#wasCleared()) this.#forget();
    for (const name of readdirSync(this.#directory)) {
      const slot = slotOfFileName(name);
      if (slot === undefined || this.#slots.has(slot)) continue;
      if (this.#onlySlot === undefined || this.#onlySlot === slot) this.#addSlot(slot, uid);
    }
    for (const view of [...this.#slots.values()].sort(bySlot)) this.#refreshSlot(view, uid);
    const views = this.#views().sort(bySlot);
    for (const byBytes of this.#byBytes.values()) byBytes.clear();
    this.#addUp(views);
    this.status = {
      live: views.filter(({ reader }) => reader.live).length,
      slots: views.map(({ reader, error }) => ({
        slot: reader.slot,
        live: reader.live,
        error,
        ...reader.status,
      })),
      seconds: (performance.now() - began) / 1000,
    };
    return this.status;
  }

  close(): void {
    for (const { reader } of this.#views()) reader.close();
    this.#slots.clear();
    this.#replaced.length = 0;
  }

  #views(): SlotView[] {
    return [...this.#replaced, ...this.#slots.values()];
  }

  /** The directory is cleared while no process holds a slot, and as a whole; one file alone is damage. */
  #wasCleared(): boolean {
    return this.#slots.size > 0 && this.#views().every(({ reader }) => reader.isGone());
  }

  #forget(): void {
    this.close();
    this.families.clear();
    this.#byBytes.clear();
    this.#totalCount = 0;
  }

  #refreshSlot(view: SlotView, owner: number): void {
    try {
      view.reader.refresh();
      view.error = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (view.error === undefined) this.#onUnreadable(view.reader.path, error as Error);
      view.error = message;
      if (!(error instanceof FileReplacedError)) return;
      this.#replaced.push(view);
      this.#refreshSlot(this.#addSlot(view.reader.slot, owner), owner);
    }
  }

  // Always in slot order: another order of the same cells can lower a total by rounding.
  #addUp(views: readonly SlotView[]): void {
    if (this.totals.length < this.#totalCount) this.totals = new Float64Array(this.#totalCount * 2);
    this.totals.fill(Number.NaN, 0, this.#totalCount);
    for (const family of this.families.values()) {
      if (family.type !== 'gauge') continue;
      for (const series of family.series.values()) series.gaugeValues.length = 0;
    }
    for (const view of views) {
      addSums(this.totals, view.reader.values, view.sums.array, view.sums.length);
      if (view.reader.live) addGauges(view);
    }
  }

  #addSlot(slot: number, owner: number): SlotView {
    const metrics: (NamedSeries | undefined)[] = [];
    const view: SlotView = {
      reader: undefined as unknown as SlotReader,
      gauges: [],
      sums: new NumberList(),
      error: undefined,
      onMetric: (ordinal, definition) => {
        metrics[ordinal] = this.#named(definition);
      },
      onSeries: (metric, log, from, to, firstCell, cells) => {
        const named = metrics[metric];
        if (named === undefined) return;
        const { family, definition } = named;
        const series = mergedSeries(named, log, from, to);
        if (family.type === 'gauge') {
          view.gauges.push({ series, cell: firstCell, timed: cells === 2 });
          return;
        }
        // Quantiles of several processes cannot be added up.
        const plain = family.type === 'summary' && this.#onlySlot === undefined;
        const added = plain ? 2 : cells;
        view.sums.push(firstCell, added, this.#base(series, plain ? NO_BOUNDS : definition.bounds, added));
      },
    };
    const path = join(this.#directory, slotFileName(slot));
    Object.assign(view, { reader: new SlotReader(this.#libc, slot, path, owner, view) });
    this.#slots.set(slot, view);
    return view;
  }

  #named(definition: MetricDefinition): NamedSeries | undefined {
    const family = this.#family(definition);
    if (family === undefined) return undefined;
    const key = JSON.stringify([definition.name, definition.labelNames]);
    let byBytes = this.#byBytes.get(key);
    if (byBytes === undefined) {
      byBytes = new Map();
      this.#byBytes.set(key, byBytes);
    }
    return { family, definition, byBytes };
  }

  /**
   * The rule for versions of an application that define a metric differently: the definition read first, from the lowest
   * slot on and the oldest in it, gives type, help and aggregator until the directory is cleared. Series of another type
   * are not shown; those with other label names or buckets are, as such (see `unionLines` in text-format.ts).
   */
  #family(definition: MetricDefinition): Family | undefined {
    let family = this.families.get(definition.name);
    if (family === undefined) {
      family = new Family(definition, this.#onlySlot === undefined ? definition.aggregator : 'first');
      this.families.set(definition.name, family);
    }
    return family.type === definition.type ? family : undefined;
  }

  #base(series: MergedSeries, bounds: readonly number[], cells: number): number {
    const known = series.parts.find((part) => sameBounds(part.bounds, bounds));
    if (known !== undefined) return known.base;
    const base = this.#totalCount;
    this.#totalCount += cells;
    series.parts.push({ bounds, base });
    series.prefixes = undefined;
    return base;
  }
}

function bySlot(a: SlotView, b: SlotView): number {
  return a.reader.slot - b.reader.slot;
}

const NO_BOUNDS: readonly number[] = [];

function mergedSeries(
  { family, definition, byBytes }: NamedSeries,
  log: Buffer,
  from: number,
  to: number,
): MergedSeries {
  const bytes = log.toString('latin1', from, to);
  const known = byBytes.get(bytes);
  if (known !== undefined) return known;
  const { labelNames } = definition;
  const pairs = decodeLabels(log, from, to);
  const key = seriesKey(labelNames, pairs);
  let series = family.series.get(key);
  if (series === undefined) {
    const labels = pairs.map(([index, value]) => [labelNames[index]!, value] as const);
    series = { labels, parts: [], gaugeValues: [], prefixes: undefined };
    family.series.set(key, series);
  }
  byBytes.set(bytes, series);
  return series;
}

/** Adds the series of one slot to the totals. A first cell of NaN makes its whole series absent. */
function addSums(totals: Float64Array, values: Float64Array, sums: Int32Array, length: number): void {
  for (let i = 0; i < length; i += 3) {
    const first = sums[i]!;
    const value = values[first]!;
    if (Number.isNaN(value)) continue;
    const base = sums[i + 2]!;
    const total = totals[base]!;
    totals[base] = Number.isNaN(total) ? value : total + value;
    const cells = sums[i + 1]!;
    for (let cell = 1; cell < cells; cell++) {
      const sum = totals[base + cell]!;
      totals[base + cell] = Number.isNaN(sum) ? values[first + cell]! : sum + values[first + cell]!;
    }
  }
}

function addGauges({ reader, gauges }: SlotView): void {
  const { values, slot } = reader;
  for (const { series, cell, timed } of gauges) {
    const value = values[cell]!;
    if (!Number.isNaN(value)) series.gaugeValues.push({ slot, value, time: timed ? values[cell + 1]! : 0 });
  }
}

function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i]);
}

/** A list of whole numbers that grows in place. */
class NumberList {
  array = new Int32Array(96);
  length = 0;

  push(a: number, b: number, c: number): void {
    if (this.length + 3 > this.array.length) {
      const grown = new Int32Array(this.array.length * 2);
      grown.set(this.array);
      this.array = grown;
    }
    this.array[this.length] = a;
    this.array[this.length + 1] = b;
    this.array[this.length + 2] = c;
    this.length += 3;
  }
}
