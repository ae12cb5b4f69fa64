import type { ClientEntry, ClientLabels } from '../client/client-internals.ts';
import { CELL_OF_BUCKETS, CELL_OF_COUNT, CELL_OF_START } from '../format/layout.ts';
import { bootTime } from '../os/boot-clock.ts';
import { unixTime } from '../os/unix-time.ts';
import type { Cells } from '../slot/slot-file.ts';

/** The metric of a series, as its writes need it. */
export interface SeriesOwner {
  /** In ascending order: upper bounds of a histogram without +Inf, or quantiles of a summary. */
  readonly bounds: readonly number[];
  /** Called before each write through prom-client's own storage. */
  beforeWrite(): void;
  /** Whether a value may be stored. NaN in a counter's shared cell could never be removed. */
  accepts(value: number): boolean;
}

const NO_CELLS = new Float64Array(0);

/**
 * One series of this process. Its cells are on the heap until the process has a slot, then in the slot file. It replaces
 * prom-client's entry: writes to `value`, `sum`, `count` or the buckets go to the cells.
 */
export class SharedSeries {
  readonly labels: ClientLabels;
  readonly owner: SeriesOwner;
  array: Float64Array;
  base = 0;
  /** The object that `labels()` of the metric returns for this series, once it was called. */
  child: object | undefined;

  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array) {
    this.owner = owner;
    this.labels = labels;
    this.array = initial;
  }

  /** Whether the metric has dropped the series. Its former cells may belong to another series. */
  get isDropped(): boolean {
    return this.array === NO_CELLS;
  }

  /** Gives up the cells: later writes have no effect. */
  drop(): void {
    this.array = NO_CELLS;
  }

  /** Adds to the cell at `offset`. Hot path. */
  add(offset: number, delta: number): void {
    this.array[this.base + offset]! += delta;
  }

  /** Stores a value that prom-client assigned, in the cell at `offset`. */
  store(offset: number, value: number): void {
    this.owner.beforeWrite();
    if (this.owner.accepts(value)) this.array[this.base + offset] = value;
  }

  /** Moves to other cells and overwrites them. Without `replaces`, they may hold the values of an earlier process. */
  moveTo(cells: Cells, count: number, _replaces: boolean): void {
    copyCells(this, cells, count);
    this.array = cells.array;
    this.base = cells.base;
  }

  /** Moves to new cells on the heap, with the current values or zeros. */
  moveToHeap(count: number, takesValues: boolean): void {
    this.array = takesValues ? this.array.slice(this.base, this.base + count) : new Float64Array(count);
    this.base = 0;
  }

  /** Leaves the cells of a lost file. Unless `takesValues`, restarts at zero: readers keep the counts of the lost file. */
  loseSlot(count: number, takesValues: boolean): void {
    this.moveToHeap(count, takesValues);
  }

  /** Leaves the slot. `moveTo` may move the series back. */
  leaveSlot(count: number, takesValues: boolean): void {
    this.moveToHeap(count, takesValues);
  }

  overwrite(values: Float64Array): void {
    copyCells({ array: values, base: 0 }, this, values.length);
  }
}

/**
 * Copies the cells of a series. If the series is absent, the first cell is stored last: a number in it makes the series present.
 * Otherwise the second one is, so that a time is never newer than the value.
 */
function copyCells(from: Cells, to: Cells, count: number): void {
  const isAbsent = Number.isNaN(to.array[to.base]!);
  for (let i = count - 1; i > 1; i--) to.array[to.base + i] = from.array[from.base + i]!;
  for (const i of isAbsent ? [1, 0] : [0, 1]) {
    if (i < count) to.array[to.base + i] = from.array[from.base + i]!;
  }
}

/** A series whose values add up over processes. It has a start time, see `unixTime`. */
export class CountedSeries extends SharedSeries {
  /** Adds its values to those of an earlier process, unless `replaces`. The older start time stays. */
  override moveTo(cells: Cells, count: number, replaces: boolean): void {
    const { array, base } = cells;
    if (replaces || Number.isNaN(array[base]!)) {
      super.moveTo(cells, count, replaces);
      return;
    }
    for (let i = count - 1; i >= 0; i--) {
      if (i !== CELL_OF_START) array[base + i]! += this.array[this.base + i]!;
    }
    const start = this.array[this.base + CELL_OF_START]!;
    if (start < array[base + CELL_OF_START]!) array[base + CELL_OF_START] = start;
    this.array = array;
    this.base = base;
  }

  override moveToHeap(count: number, takesValues: boolean): void {
    super.moveToHeap(count, takesValues);
    if (!takesValues) this.restart();
  }

  /** Begins anew: the values are zero from now on. */
  restart(): void {
    this.array[this.base + CELL_OF_START] = unixTime();
  }
}

export class CounterSeries extends CountedSeries {
  get value(): number {
    return this.array[this.base]!;
  }
  set value(value: number) {
    this.store(0, value);
  }
}

/** A series of a gauge. The cell of a gauge that was never set holds -0; prom-client reads 0. */
export class ValueSeries extends SharedSeries {
  get value(): number {
    return this.array[this.base]! + 0;
  }
  set value(value: number) {
    this.store(0, value + 0);
  }
}

/** A series of a `mostrecent` gauge. The second cell holds the time of the last write: see `bootTime`. */
export class TimedSeries extends SharedSeries {
  get value(): number {
    return this.array[this.base]! + 0;
  }
  // The time is stored last: if the process dies in between, the new value counts as older, never the reverse.
  set value(value: number) {
    this.store(0, value + 0);
    this.array[this.base + 1] = bootTime();
  }
}

export class SummarySeries extends CountedSeries {
  readonly td: ClientEntry['td'];

  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array, td: ClientEntry['td']) {
    super(owner, labels, initial);
    this.td = td;
  }

  /** @prometheus-io/client reads the sum and count of a summary from `value`. */
  get value(): this {
    return this;
  }

  get sum(): number {
    return this.array[this.base]!;
  }
  set sum(sum: number) {
    this.store(0, sum);
  }
  get count(): number {
    return this.array[this.base + CELL_OF_COUNT]!;
  }
  set count(count: number) {
    this.store(CELL_OF_COUNT, count);
  }
}

/**
 * A series of a histogram. Its count is the sum of its buckets. prom-client increments `count` first and a bucket afterwards: the
 * difference is kept outside the cells until then, because no cell may decrease.
 */
export class HistogramSeries extends CountedSeries {
  bucketExemplars: unknown;
  #pending = 0;
  #buckets: Record<string, number> | undefined;

  get sum(): number {
    return this.array[this.base]!;
  }
  set sum(sum: number) {
    this.store(0, sum);
  }

  get count(): number {
    return this.#total() + this.#pending;
  }
  set count(count: number) {
    this.owner.beforeWrite();
    this.#pending = count - this.#total();
  }

  get bucketValues(): Record<string, number> {
    this.#buckets ??= this.#makeBuckets();
    return this.#buckets;
  }

  #total(): number {
    let count = 0;
    for (let i = 0; i <= this.owner.bounds.length; i++) count += this.array[this.base + CELL_OF_BUCKETS + i]!;
    return count;
  }

  #makeBuckets(): Record<string, number> {
    const buckets = {};
    const bounds = this.owner.bounds.map(String);
    // prom-client looks up this bucket for a value above all bounds.
    if (!bounds.includes(ABOVE_ALL)) bounds.push(ABOVE_ALL);
    bounds.forEach((bound, i) => {
      Object.defineProperty(buckets, bound, {
        get: () => this.array[this.base + CELL_OF_BUCKETS + i]!,
        set: (count: number) => {
          this.owner.beforeWrite();
          this.#pending -= count - this.array[this.base + CELL_OF_BUCKETS + i]!;
          this.array[this.base + CELL_OF_BUCKETS + i] = count;
        },
        enumerable: i < this.owner.bounds.length,
        configurable: true,
      });
    });
    return buckets;
  }
}

/** prom-client's name of the +Inf bucket. */
const ABOVE_ALL = '-1';
