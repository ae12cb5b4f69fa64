import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Family, type MergedSeries } from './family.ts';
import { type LabelPair, type MetricDefinition, slotOfFileName } from './format.ts';
import type { Libc } from './libc.ts';
import { seriesKey } from './series-key.ts';
import { type SlotListener, SlotReader } from './slot-reader.ts';
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

/** Totals index that takes what is not to be added: gauges, cells that no series owns. */
const NOWHERE = 0;

interface SlotView extends SlotListener {
  readonly reader: SlotReader;
  readonly gauges: { readonly series: MergedSeries; readonly cell: number; readonly timed: boolean }[];
  /** For each cell of the slot the index into the totals. */
  targets: Int32Array<ArrayBuffer>;
  /** For each cell of the slot the first cell of its series, whose NaN makes the whole series absent. */
  firsts: Int32Array<ArrayBuffer>;
  error: string | undefined;
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
  #totalCount = NOWHERE + 1;

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
    for (const name of readdirSync(this.#directory)) {
      const slot = slotOfFileName(name);
      if (slot === undefined || this.#slots.has(slot)) continue;
      if (this.#onlySlot === undefined || this.#onlySlot === slot) this.#addSlot(slot, name, uid);
    }
    const views = [...this.#slots.values()].sort((a, b) => a.reader.slot - b.reader.slot);
    for (const view of views) this.#refreshSlot(view);
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
    for (const { reader } of this.#slots.values()) reader.close();
    this.#slots.clear();
  }

  #refreshSlot(view: SlotView): void {
    try {
      view.reader.refresh();
      view.error = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (view.error === undefined) this.#onUnreadable(view.reader.path, error as Error);
      view.error = message;
    }
  }

  // Always in slot order: another order of the same cells can lower a total by rounding.
  #addUp(views: readonly SlotView[]): void {
    if (this.totals.length < this.#totalCount) this.totals = new Float64Array(this.#totalCount * 2);
    const { totals } = this;
    totals.fill(Number.NaN, 0, this.#totalCount);
    for (const family of this.families.values()) {
      if (family.type !== 'gauge') continue;
      for (const series of family.series.values()) series.gaugeValues.length = 0;
    }
    for (const { reader, targets, firsts, gauges } of views) {
      const { values, cellCount } = reader;
      for (let cell = 0; cell < cellCount; cell++) {
        const value = values[cell]!;
        if (Number.isNaN(value) || Number.isNaN(values[firsts[cell]!]!)) continue;
        const target = targets[cell]!;
        const total = totals[target]!;
        totals[target] = Number.isNaN(total) ? value : total + value;
      }
      if (!reader.live) continue;
      for (const { series, cell, timed } of gauges) {
        const value = values[cell]!;
        if (Number.isNaN(value)) continue;
        series.gaugeValues.push({ slot: reader.slot, value, time: timed ? values[cell + 1]! : 0 });
      }
    }
  }

  #addSlot(slot: number, name: string, owner: number): void {
    const families: (Family | undefined)[] = [];
    const definitions: MetricDefinition[] = [];
    const view: SlotView = {
      reader: undefined as unknown as SlotReader,
      gauges: [],
      targets: new Int32Array(64),
      firsts: new Int32Array(64),
      error: undefined,
      onMetric: (ordinal, definition) => {
        definitions[ordinal] = definition;
        families[ordinal] = this.#family(definition);
      },
      onSeries: (metric, labels, firstCell, cells) => {
        const definition = definitions[metric]!;
        const family = families[metric];
        view.targets = roomFor(view.targets, firstCell + cells);
        view.firsts = roomFor(view.firsts, firstCell + cells);
        if (family === undefined) return;
        const series = mergedSeries(family, definition, labels);
        if (family.type === 'gauge') {
          view.gauges.push({ series, cell: firstCell, timed: cells === 2 });
          return;
        }
        // Quantiles of several processes cannot be added up.
        const plain = family.type === 'summary' && this.#onlySlot === undefined;
        const added = plain ? 2 : cells;
        const base = this.#base(series, plain ? [] : definition.bounds, added);
        for (let i = 0; i < added; i++) view.targets[firstCell + i] = base + i;
        view.firsts.fill(firstCell, firstCell, firstCell + cells);
      },
    };
    const reader = new SlotReader(this.#libc, slot, join(this.#directory, name), owner, view);
    this.#slots.set(slot, Object.assign(view, { reader }));
  }

  /** The first definition of a name gives its type; series of another type under that name are not shown. */
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

function mergedSeries(
  family: Family,
  { labelNames }: MetricDefinition,
  pairs: readonly LabelPair[],
): MergedSeries {
  const key = seriesKey(labelNames, pairs);
  let series = family.series.get(key);
  if (series === undefined) {
    const labels = pairs.map(([index, value]) => [labelNames[index]!, value] as const);
    series = { labels, parts: [], gaugeValues: [], prefixes: undefined };
    family.series.set(key, series);
  }
  return series;
}

function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i]);
}

function roomFor(targets: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (targets.length >= length) return targets;
  const grown = new Int32Array(length * 2);
  grown.set(targets);
  return grown;
}
