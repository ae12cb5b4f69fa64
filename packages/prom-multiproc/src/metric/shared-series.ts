import type { ClientEntry, ClientLabels } from '../client/client-internals.ts';
import { bootTime } from '../os/boot-clock.ts';
import type { Cells } from '../slot/slot-file.ts';

/** The metric that a series belongs to, as far as its writes are concerned. */
export interface SeriesOwner {
  /** Ascending: upper bounds of a histogram without +Inf, quantiles of a summary. */
  readonly bounds: readonly number[];
  /** Called before each write through prom-client's own storage. */
  beforeWrite(): void;
  /** Whether a value may be stored: NaN in shared memory would outlive every process. */
  accepts(value: number): boolean;
}

/**
 * One series of this process: cells on the heap until the process has a slot, then in the slot file. It takes the place
 * of the entry that prom-client would store: whoever writes to its `value`, `sum`, `count` or buckets counts in the cells.
 */
export class SharedSeries {
  readonly labels: ClientLabels;
  readonly owner: SeriesOwner;
  array: Float64Array;
  base = 0;

  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array) {
    this.owner = owner;
    this.labels = labels;
    this.array = initial;
  }

  /** Adds to the cell at `offset` of the series; the whole of what counting costs. */
  add(offset: number, delta: number): void {
    this.array[this.base + offset]! += delta;
  }

  /** Stores what prom-client assigned to the number that is kept in the cell at `offset`. */
  store(offset: number, value: number): void {
    this.owner.beforeWrite();
    if (this.owner.accepts(value)) this.array[this.base + offset] = value;
  }

  /** Moves to other cells: values add up with what is there, unless they replace it. */
  moveTo({ array, base }: Cells, count: number, replaces: boolean): void {
    const { array: from, base: start } = this;
    const addsUp = !replaces && !Number.isNaN(array[base]!);
    // The first cell last: its becoming a number is what makes the series present.
    for (let i = count - 1; i >= 0; i--) {
      const value = from[start + i]!;
      array[base + i] = addsUp ? array[base + i]! + value : value;
    }
    this.array = array;
    this.base = base;
  }

  /** Leaves the cells for others on the heap, taking the values along or beginning at zero. */
  moveToHeap(count: number, takesValues: boolean): void {
    this.array = takesValues ? this.array.slice(this.base, this.base + count) : new Float64Array(count);
    this.base = 0;
  }

  /** Leaves cells of a lost file, whose counts are held by those who have read it: begins anew, at `takesValues` as it was. */
  loseSlot(count: number, takesValues: boolean): void {
    this.moveToHeap(count, takesValues);
  }

  /** Leaves the slot for good, or until `moveTo`. */
  leaveSlot(count: number, takesValues: boolean): void {
    this.moveToHeap(count, takesValues);
  }

  overwrite(values: Float64Array): void {
    for (let i = values.length - 1; i >= 0; i--) this.array[this.base + i] = values[i]!;
  }
}

/** A series of a counter or a gauge. A gauge that was never set is -0 in its cell, and 0 to prom-client. */
export class ValueSeries extends SharedSeries {
  get value(): number {
    return this.array[this.base]! + 0;
  }
  set value(value: number) {
    this.store(0, value + 0);
  }
}

/** A series of a `mostrecent` gauge: in the cell after the value is the time of its last write, by `bootTime`. */
export class TimedSeries extends SharedSeries {
  get value(): number {
    return this.array[this.base]! + 0;
  }
  // The time last: in between the new value is taken for an older one, not an older one for the new.
  set value(value: number) {
    this.store(0, value + 0);
    this.array[this.base + 1] = bootTime();
  }
}

export class SummarySeries extends SharedSeries {
  readonly td: ClientEntry['td'];

  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array, td: ClientEntry['td']) {
    super(owner, labels, initial);
    this.td = td;
  }

  /** @prometheus-io/client keeps an entry of a summary a level below its labels. */
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
    return this.array[this.base + 1]!;
  }
  set count(count: number) {
    this.store(1, count);
  }
}

/**
 * A series of a histogram, whose count is derived from its buckets. prom-client raises `count` first, then a bucket: what
 * `count` was raised by waits outside the cells until then, so that no cell ever goes down.
 */
export class HistogramSeries extends SharedSeries {
  bucketExemplars: unknown;
  #waiting = 0;
  #buckets: Record<string, number> | undefined;

  get sum(): number {
    return this.array[this.base]!;
  }
  set sum(sum: number) {
    this.store(0, sum);
  }

  get count(): number {
    return this.#total() + this.#waiting;
  }
  set count(count: number) {
    this.owner.beforeWrite();
    this.#waiting = count - this.#total();
  }

  get bucketValues(): Record<string, number> {
    this.#buckets ??= this.#makeBuckets();
    return this.#buckets;
  }

  #total(): number {
    let count = 0;
    for (let i = 0; i <= this.owner.bounds.length; i++) count += this.array[this.base + 1 + i]!;
    return count;
  }

  #makeBuckets(): Record<string, number> {
    const buckets = {};
    const bounds = this.owner.bounds.map(String);
    // What prom-client asks for in vain for a value above all bounds.
    if (!bounds.includes(ABOVE_ALL)) bounds.push(ABOVE_ALL);
    bounds.forEach((bound, i) => {
      Object.defineProperty(buckets, bound, {
        get: () => this.array[this.base + 1 + i]!,
        set: (count: number) => {
          this.owner.beforeWrite();
          this.#waiting -= count - this.array[this.base + 1 + i]!;
          this.array[this.base + 1 + i] = count;
        },
        enumerable: i < this.owner.bounds.length,
        configurable: true,
      });
    });
    return buckets;
  }
}

/** Name of the bucket of +Inf in prom-client. */
const ABOVE_ALL = '-1';
