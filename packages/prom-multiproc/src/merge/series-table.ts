import {
  type Fold,
  foldOf,
  GAUGE_TOTALS,
  isNeverSet,
  keepsTheDead,
  shownAggregator,
} from '../format/gauge-aggregators.ts';
import { cellsPerSeries, familyKey, type MetricDefinition } from '../format/layout.ts';
import { sameBounds } from '../util/buckets.ts';
import { grown, IntList } from '../util/int-list.ts';
import { Family } from './family.ts';
import { type Label, LabelNames, LabelTexts } from './label-text.ts';

/** What the series of a metric under one definition have in common. */
export interface Shape {
  /** Undefined where series of this definition are not shown. */
  readonly family: Family | undefined;
  /** Cells of such a series in a slot, and how many of them have a total. */
  readonly cells: number;
  readonly totals: number;
  /** Of gauges only: how a slot's value becomes part of the totals. Everything else is added up. */
  readonly fold: Fold | undefined;
  /** Whether it is a gauge whose value is shown when its process is dead, too. */
  readonly keeps: boolean;
  /** As shown: none of a summary whose quantiles are not. */
  readonly bounds: readonly number[];
  /** Other shapes of the family that are shown alike. */
  readonly twins: number[];
}

/** The value that a gauge has in one slot. */
export interface SlotValue {
  readonly slot: number;
  readonly value: number;
}

/** A shape with the label names that one definition of it has. */
export interface NamedShape {
  readonly shape: number;
  readonly names: LabelNames;
}

/**
 * All series of the merged view, by number, in arrays: a series costs its label text and some 30 bytes. A series whose
 * slots use different bounds is one number for each.
 */
export class SeriesTable {
  /** By `familyKey`. */
  readonly families = new Map<string, Family>();
  readonly shapes: Shape[] = [];
  /** Totals of all series, by `bases`; NaN in the first of a series where no slot has it. */
  totals = new Float64Array(0);
  totalCount = 0;
  /** By series: its shape, and where its totals begin. */
  readonly shapeOf = new IntList();
  readonly bases = new IntList();

  /** Of those gauges that show the value of each slot, by where their totals begin. */
  readonly #bySlot = new Map<number, SlotValue[]>();
  #retired = new Float64Array(0);
  readonly #texts = new LabelTexts();
  /** By series: end of its label text, which begins where that of the one before it ends. */
  readonly #textEnds = new IntList();
  readonly #hashes = new IntList();
  /** Hash table of series numbers, each plus 1; 0 is free. Never more than two thirds full. */
  #index = new Int32Array(64);
  readonly #named = new Map<string, NamedShape>();
  readonly #hiddenOf = new Map<number, number>();
  readonly #isolated: boolean;

  /** `isolated` shows gauges as they are and quantiles of summaries: for a table of one slot alone. */
  constructor(isolated: boolean) {
    this.#isolated = isolated;
  }

  get length(): number {
    return this.bases.length;
  }

  /** The shape of the series of a definition that was read; the first definition of a name makes its family. */
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

  /** The number of the series whose labels are the sound ones in `from`..`to` of a log. */
  series({ shape, names }: NamedShape, log: DataView, from: number, to: number): number {
    if (this.shapes[shape]!.family === undefined) return this.#hidden(shape);
    const hash = this.#texts.write(names, log, from, to);
    const place = this.#placeOf(shape, hash);
    return this.#index[place]! > 0 ? this.#index[place]! - 1 : this.#add(shape, hash, place);
  }

  get textView(): DataView {
    return this.#texts.view;
  }

  textStart(series: number): number {
    return series === 0 ? 0 : this.#textEnds.array[series - 1]!;
  }

  textEnd(series: number): number {
    return this.#textEnds.array[series]!;
  }

  labels(series: number): Label[] {
    return this.#texts.labels(this.textStart(series), this.textEnd(series));
  }

  /** Makes all totals those of no slot but the ones that were retired. */
  clearTotals(): void {
    this.totals = grown(this.totals, this.totalCount);
    this.totals.fill(Number.NaN).set(this.#retired.subarray(0, this.totalCount));
    this.#bySlot.clear();
  }

  /** What all totals begin with from now on: made once by adding up slots that change no more. */
  get retired(): Float64Array {
    const known = this.#retired.length;
    this.#retired = grown(this.#retired, this.totalCount).fill(Number.NaN, known);
    return this.#retired;
  }

  addBySlot(series: number, value: SlotValue): void {
    const base = this.bases.array[series]!;
    const values = this.#bySlot.get(base);
    const isSet = !isNeverSet(value.value);
    const wereSet = values !== undefined && !isNeverSet(values[0]!.value);
    // One that was never set takes no part beside those that were.
    if (values === undefined || (isSet && !wereSet)) this.#bySlot.set(base, [value]);
    else if (isSet === wereSet) {
      // Of a slot whose file was replaced the present one shows.
      if (values.at(-1)!.slot === value.slot) values.pop();
      values.push(value);
    }
  }

  valuesBySlot(series: number): readonly SlotValue[] {
    const values = this.#bySlot.get(this.bases.array[series]!) ?? [];
    return values.map(({ slot, value }) => ({ slot, value: value + 0 }));
  }

  /**
   * The rule for versions of an application that define a metric differently: the definition read first, from the lowest
   * slot on and the oldest in it, gives type, help and aggregator until the directory is cleared. Series of another type
   * are not shown; those with other label names or buckets are, as such.
   */
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
          twins: [],
        }) - 1
      );
    }
    // Quantiles of several processes cannot be added up.
    const plain = type === 'summary' && !this.#isolated;
    const isGauge = type === 'gauge';
    const shape: Shape = {
      family,
      cells,
      totals: isGauge ? GAUGE_TOTALS : plain ? 2 : cells,
      fold: isGauge ? foldOf(family.aggregator) : undefined,
      keeps: isGauge && keepsTheDead(definition.aggregator) && keepsTheDead(family.aggregator),
      bounds: plain ? [] : definition.bounds,
      twins: [],
    };
    const known = this.shapes.findIndex((other) => other.family === family && isSame(other, shape));
    if (known >= 0) return known;
    const number = this.shapes.length;
    for (const [other, alike] of this.shapes.entries()) {
      if (alike.family !== family || !sameBounds(alike.bounds, shape.bounds)) continue;
      shape.twins.push(other);
      alike.twins.push(number);
    }
    return this.shapes.push(shape) - 1;
  }

  /** Where the labels written last stand in the index under this shape, or the free place where they belong. */
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
    this.#textEnds.push(this.#texts.end);
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

  /** The same series under another shape that is shown alike: they have their totals in common. */
  #twin(shape: number, hash: number): number | undefined {
    for (const other of this.shapes[shape]!.twins) {
      const found = this.#index[this.#placeOf(other, hash)]!;
      if (found > 0) return found - 1;
    }
    return undefined;
  }

  /** One number stands for all series of a definition that are not shown. */
  #hidden(shape: number): number {
    const known = this.#hiddenOf.get(shape);
    if (known !== undefined) return known;
    const series = this.length;
    this.#hiddenOf.set(shape, series);
    this.#textEnds.push(this.#texts.end);
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
