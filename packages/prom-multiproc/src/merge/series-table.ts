import type { Exemplar } from '../format/exemplar-record.ts';
import {
  type Fold,
  foldOf,
  GAUGE_TOTALS,
  isNeverSet,
  keepsDeadValues,
  shownAggregator,
} from '../format/gauge-aggregators.ts';
import {
  CELL_OF_QUANTILES,
  cellsPerSeries,
  exemplarCells,
  familyKey,
  type MetricDefinition,
  valueCells,
} from '../format/layout.ts';
import { sameBounds } from '../util/buckets.ts';
import { grown, IntList } from '../util/int-list.ts';
import { Family } from './family.ts';
import { type Label, LabelNames, LabelTexts } from './label-text.ts';

/** The common properties of the series under one definition of a metric. */
export interface Shape {
  /** Undefined if series of this definition are not shown. */
  readonly family: Family | undefined;
  /** Number of cells of a series in a slot. */
  readonly cells: number;
  /** Number of totals of a series: for a gauge `GAUGE_TOTALS`, for others of its first cells, the start time being the oldest. */
  readonly totals: number;
  /** How the value of a gauge in a slot is merged into the totals. Undefined for other metrics, which are added up. */
  readonly fold: Fold | undefined;
  /** Whether it is a gauge whose value is shown after its process died. */
  readonly keeps: boolean;
  /** The shown bounds: none for a summary without quantiles. */
  readonly bounds: readonly number[];
  /** Number of exemplars of a series in a slot. Its last cells refer to them. */
  readonly exemplars: number;
  /** Other shapes of the family with the same bounds. Their series have common totals. */
  readonly twins: number[];
}

/** The value of a gauge in one slot. */
export interface SlotValue {
  readonly slot: number;
  readonly value: number;
}

/** A shape with the label names of one definition. */
export interface NamedShape {
  readonly shape: number;
  readonly names: LabelNames;
}

/**
 * All merged series by number, in arrays: a series takes about 40 bytes and its label text. A series with different bounds in
 * several slots has one number for each.
 */
export class SeriesTable {
  /** The families by `familyKey`. */
  readonly families = new Map<string, Family>();
  readonly shapes: Shape[] = [];
  /** Totals of all series. The first total of a series is NaN if no slot has it. */
  totals = new Float64Array(0);
  totalCount = 0;
  /** The shape of each series. */
  readonly shapeOf = new IntList();
  /** The index of the first total of each series. */
  readonly bases = new IntList();
  /** The newest exemplar of a counter or a bucket, by the index of its total. */
  readonly exemplars = new Map<number, Exemplar>();

  /** The values of gauges that show each slot, by the index of their first total. */
  readonly #bySlot = new Map<number, SlotValue[]>();
  #baseTotals = new Float64Array(0);
  readonly #texts = new LabelTexts();
  /** The end of each series' label text, which begins at the end of the previous one. */
  readonly textEnds = new IntList();
  readonly #hashes = new IntList();
  /** Hash table of series numbers plus 1; 0 is free. At most two thirds full. */
  #index = new Int32Array(64);
  readonly #named = new Map<string, NamedShape>();
  readonly #hiddenOf = new Map<number, number>();
  readonly #isolated: boolean;

  /** `isolated` is for a table of one slot: gauges are not aggregated, and summaries have quantiles. */
  constructor(isolated: boolean) {
    this.#isolated = isolated;
  }

  get length(): number {
    return this.bases.length;
  }

  /** The shape for a definition that was read. The first definition of a name creates its family. */
  define(definition: MetricDefinition): NamedShape {
    const key = JSON.stringify(definition);
    let named = this.#named.get(key);
    if (named === undefined) {
      const shape = this.#shape(definition);
      for (const name of definition.labelNames) this.shapes[shape]!.family?.labelNames.add(name);
      named = { shape, names: new LabelNames(definition.labelNames) };
      this.#named.set(key, named);
    }
    return named;
  }

  /** The number of the series with the valid labels in bytes `from` up to `to` of a log. Adds the series if it is new. */
  series({ shape, names }: NamedShape, log: DataView, from: number, to: number): number {
    if (this.shapes[shape]!.family === undefined) return this.#hidden(shape);
    const hash = this.#texts.write(names, log, from, to);
    const place = this.#placeOf(shape, hash);
    return this.#index[place]! > 0 ? this.#index[place]! - 1 : this.#add(shape, hash, place);
  }

  /** Whether a series has the shape of the previous number, and its totals follow those. */
  continuesRun(series: number): boolean {
    const shape = this.shapeOf.array[series]!;
    if (series === 0 || shape !== this.shapeOf.array[series - 1]) return false;
    return this.bases.array[series] === this.bases.array[series - 1]! + this.shapes[shape]!.totals;
  }

  get textView(): DataView {
    return this.#texts.view;
  }

  textStart(series: number): number {
    return series === 0 ? 0 : this.textEnds.array[series - 1]!;
  }

  textEnd(series: number): number {
    return this.textEnds.array[series]!;
  }

  labels(series: number): Label[] {
    return this.#texts.labels(this.textStart(series), this.textEnd(series));
  }

  /** Resets all totals to `baseTotals`. */
  clearTotals(): void {
    this.totals = grown(this.totals, this.totalCount);
    this.totals.fill(Number.NaN).set(this.#baseTotals.subarray(0, this.totalCount));
    this.#bySlot.clear();
    this.exemplars.clear();
  }

  /** The initial values of the totals at each merge: the sums of slots that do not change any more. */
  get baseTotals(): Float64Array {
    const known = this.#baseTotals.length;
    this.#baseTotals = grown(this.#baseTotals, this.totalCount).fill(Number.NaN, known);
    return this.#baseTotals;
  }

  addBySlot(series: number, value: SlotValue): void {
    const base = this.bases.array[series]!;
    const values = this.#bySlot.get(base);
    const isSet = !isNeverSet(value.value);
    const wereSet = values !== undefined && !isNeverSet(values[0]!.value);
    // Values that were never set are ignored if another was set.
    if (values === undefined || (isSet && !wereSet)) this.#bySlot.set(base, [value]);
    else if (isSet === wereSet) {
      // If the slot's file was replaced, the value in the new file is shown.
      if (values.at(-1)!.slot === value.slot) values.pop();
      values.push(value);
    }
  }

  valuesBySlot(series: number): readonly SlotValue[] {
    const values = this.#bySlot.get(this.bases.array[series]!) ?? [];
    return values.map(({ slot, value }) => ({ slot, value: value + 0 }));
  }

  /** Finds or adds the shape for a definition. If definitions of a name differ, the one read first applies: FORMAT.md#merging. */
  #shape(definition: MetricDefinition): number {
    const { type } = definition;
    const key = familyKey(definition);
    let family = this.families.get(key);
    if (family === undefined) {
      family = new Family(
        this,
        definition,
        this.#isolated ? 'first' : shownAggregator(definition.name, definition.aggregator),
      );
      this.families.set(key, family);
    }
    const cells = cellsPerSeries(definition);
    if (family.type !== type) {
      return (
        this.shapes.push({
          family: undefined,
          cells,
          totals: 0,
          fold: undefined,
          keeps: false,
          bounds: [],
          exemplars: 0,
          twins: [],
        }) - 1
      );
    }
    // Quantiles of several processes cannot be merged.
    const plain = type === 'summary' && !this.#isolated;
    const isGauge = type === 'gauge';
    const shape: Shape = {
      family,
      cells,
      totals: isGauge ? GAUGE_TOTALS : plain ? CELL_OF_QUANTILES : valueCells(definition),
      fold: isGauge ? foldOf(family.aggregator) : undefined,
      keeps: isGauge && keepsDeadValues(definition.aggregator) && keepsDeadValues(family.aggregator),
      bounds: plain ? [] : definition.bounds,
      exemplars: exemplarCells(definition),
      twins: [],
    };
    family.hasExemplars ||= shape.exemplars > 0;
    const known = this.shapes.findIndex((other) => other.family === family && isSame(other, shape));
    if (known >= 0) return known;
    const number = this.shapes.length;
    for (const [other, twin] of this.shapes.entries()) {
      if (twin.family !== family || !sameBounds(twin.bounds, shape.bounds)) continue;
      shape.twins.push(other);
      twin.twins.push(number);
    }
    return this.shapes.push(shape) - 1;
  }

  /** The place in the index of the series of this shape with the last written labels, or the free place for it. */
  #placeOf(shape: number, hash: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    const spread = (hash + Math.imul(shape, 0x9e3779b1)) | 0;
    for (let place = spread & mask; ; place = (place + 1) & mask) {
      const series = index[place]! - 1;
      if (series < 0) return place;
      if (this.#hashes.array[series] !== spread || this.shapeOf.array[series] !== shape) continue;
      if (this.#texts.equalsTail(this.textStart(series), this.textEnd(series))) return place;
    }
  }

  #add(shape: number, hash: number, place: number): number {
    const series = this.length;
    const { family, bounds, totals } = this.shapes[shape]!;
    const twin = this.#twin(shape, hash);
    this.#texts.keep();
    this.textEnds.push(this.#texts.end);
    this.#hashes.push((hash + Math.imul(shape, 0x9e3779b1)) | 0);
    this.shapeOf.push(shape);
    this.bases.push(twin === undefined ? this.totalCount : this.bases.array[twin]!);
    if (twin === undefined) {
      this.totalCount += totals;
      family!.add(series, bounds);
    }
    this.#index[place] = series + 1;
    if (series * 3 > this.#index.length * 2) this.#growIndex();
    return series;
  }

  /** The series of a twin shape with the last written labels; undefined if there is none. */
  #twin(shape: number, hash: number): number | undefined {
    for (const other of this.shapes[shape]!.twins) {
      const found = this.#index[this.#placeOf(other, hash)]!;
      if (found > 0) return found - 1;
    }
    return undefined;
  }

  /** The one number that stands for all series of a shape that is not shown. */
  #hidden(shape: number): number {
    const known = this.#hiddenOf.get(shape);
    if (known !== undefined) return known;
    const series = this.length;
    this.#hiddenOf.set(shape, series);
    this.textEnds.push(this.#texts.end);
    this.#hashes.push(0);
    this.shapeOf.push(shape);
    this.bases.push(0);
    return series;
  }

  #growIndex(): void {
    this.#index = new Int32Array(this.#index.length * 2);
    const mask = this.#index.length - 1;
    for (let series = 0; series < this.length; series++) {
      if (this.shapes[this.shapeOf.array[series]!]!.family === undefined) continue;
      let place = this.#hashes.array[series]! & mask;
      while (this.#index[place] !== 0) place = (place + 1) & mask;
      this.#index[place] = series + 1;
    }
  }
}

function isSame(a: Shape, b: Shape): boolean {
  return a.cells === b.cells && a.keeps === b.keeps && sameBounds(a.bounds, b.bounds);
}
