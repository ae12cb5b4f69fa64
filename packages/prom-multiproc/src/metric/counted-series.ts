import type { ClientEntry, ClientLabels } from '../client/client-internals.ts';
import { CELL_OF_BUCKETS, CELL_OF_COUNT, CELL_OF_START } from '../format/layout.ts';
import { unixTime } from '../os/unix-time.ts';
import type { Cells } from '../slot/slot-file.ts';
import { SeriesExemplars } from './series-exemplars.ts';
import { type SeriesOwner, SharedSeries } from './shared-series.ts';

/** A series whose values add up over processes. It has a start time, see `unixTime`, and may have exemplars. */
export class CountedSeries extends SharedSeries {
  /** Only declared: a property of each series would take memory. So would a private method. */
  declare readonly exemplars?: SeriesExemplars;

  /** The last cells of `initial` are those of the exemplars. */
  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array) {
    super(owner, labels, initial);
    const { exemplarPlaces } = owner;
    if (exemplarPlaces === 0) return;
    this.exemplars = new SeriesExemplars(this, initial.length - exemplarPlaces, exemplarPlaces);
  }

  /**
   * Adds its values to those of an earlier process. With `replaces`, the cells hold what readers saw of this series before a
   * `collect()`: if the `collect()` has reset it but no count is lower, it has not restarted for them.
   */
  override moveTo(cells: Cells, count: number, replaces: boolean): void {
    const { array, base } = cells;
    if (replaces || Number.isNaN(array[base]!)) {
      if (hasNotFallen(this.countCells, cells, this))
        this.array[this.base + CELL_OF_START] = array[base + CELL_OF_START]!;
      super.moveTo(cells, count, replaces);
    } else {
      addCells({ array: this.array, base: this.base }, cells, count - (this.exemplars?.count ?? 0));
      this.array = array;
      this.base = base;
    }
    this.exemplars?.enterSlot(cells.exemplars);
  }

  /** The first and the last cell that only fall if the series restarts. */
  get countCells(): CountCells {
    return COUNTER_CELL;
  }

  override moveToHeap(count: number, takesValues: boolean): void {
    this.exemplars?.leaveSlot(takesValues);
    super.moveToHeap(count, takesValues);
    if (this.exemplars !== undefined) this.array.fill(0, count - this.exemplars.count);
    if (!takesValues) this.restart();
  }

  override drop(): void {
    super.drop();
    this.exemplars?.leaveSlot(false);
  }

  override overwrite(values: Float64Array): void {
    super.overwrite(values);
    this.exemplars?.clear();
  }

  /** Resets the start time. Called when the values restart at zero. */
  restart(): void {
    this.array[this.base + CELL_OF_START] = unixTime();
  }
}

type CountCells = readonly [first: number, last: number];
type Position = Pick<Cells, 'array' | 'base'>;

const COUNTER_CELL: CountCells = [0, 0];
const SUMMARY_CELL: CountCells = [CELL_OF_COUNT, CELL_OF_COUNT];

/** Whether a series is present in `before`, and no count is lower in `after`. */
export function hasNotFallen([first, last]: CountCells, before: Position, after: Position): boolean {
  if (Number.isNaN(before.array[before.base]!)) return false;
  for (let i = first; i <= last; i++) {
    if (!(after.array[after.base + i]! >= before.array[before.base + i]!)) return false;
  }
  return true;
}

/** Adds `count` cells of a series to those of an earlier process. The older start time stays. */
function addCells(from: Cells, { array, base }: Cells, count: number): void {
  for (let i = count - 1; i >= 0; i--) {
    if (i !== CELL_OF_START) array[base + i]! += from.array[from.base + i]!;
  }
  const start = from.array[from.base + CELL_OF_START]!;
  if (start < array[base + CELL_OF_START]!) array[base + CELL_OF_START] = start;
}

export class CounterSeries extends CountedSeries {
  get value(): number {
    return this.array[this.base]!;
  }
  set value(value: number) {
    this.store(0, value);
  }

  /** prom-client's own exemplar of a counter. */
  get exemplar(): unknown {
    return this.exemplars?.assigned(0);
  }
  set exemplar(empty) {
    this.exemplars?.assign(0, empty);
  }
}

export class SummarySeries extends CountedSeries {
  readonly td: ClientEntry['td'];

  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array, td: ClientEntry['td']) {
    super(owner, labels, initial);
    this.td = td;
  }

  override get countCells(): CountCells {
    return SUMMARY_CELL;
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
  #pending = 0;
  #buckets: Record<string, number> | undefined;
  #bucketExemplars: unknown;

  override get countCells(): CountCells {
    return [CELL_OF_BUCKETS, CELL_OF_BUCKETS + this.owner.bounds.length];
  }

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

  /** prom-client's own exemplars by bound; if exemplars are off, what it stores instead. */
  get bucketExemplars(): unknown {
    if (this.exemplars !== undefined) this.#bucketExemplars ??= this.#makeBucketExemplars(this.exemplars);
    return this.#bucketExemplars;
  }
  set bucketExemplars(plain) {
    if (this.exemplars === undefined) this.#bucketExemplars = plain;
  }

  #total(): number {
    let count = 0;
    for (let i = 0; i <= this.owner.bounds.length; i++) count += this.array[this.base + CELL_OF_BUCKETS + i]!;
    return count;
  }

  #makeBuckets(): Record<string, number> {
    const buckets = {};
    this.#bucketNames().forEach((bound, i) => {
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

  #makeBucketExemplars(exemplars: SeriesExemplars): object {
    const byBound = {};
    const { length } = this.owner.bounds;
    this.#bucketNames().forEach((bound, i) => {
      Object.defineProperty(byBound, bound, {
        get: () => exemplars.assigned(i) ?? (i < length ? null : undefined),
        set: (empty: unknown) => exemplars.assign(i, empty),
        enumerable: i < length,
      });
    });
    return byBound;
  }

  #bucketNames(): string[] {
    const bounds = this.owner.bounds.map(String);
    // prom-client looks up this bucket for a value above all bounds.
    if (!bounds.includes(ABOVE_ALL)) bounds.push(ABOVE_ALL);
    return bounds;
  }
}

/** prom-client's name of the +Inf bucket. */
export const ABOVE_ALL = '-1';
