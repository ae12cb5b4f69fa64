import type { ClientLabels } from '../client/client-internals.ts';
import { bootTime } from '../os/boot-clock.ts';
import type { Cells } from '../slot/slot-file.ts';

/** The metric of a series, as its writes need it. */
export interface SeriesOwner {
  /** In ascending order: upper bounds of a histogram without +Inf, or quantiles of a summary. */
  readonly bounds: readonly number[];
  /** Number of exemplars of a series: none unless the metric has `enableExemplars`. */
  readonly exemplarPlaces: number;
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
