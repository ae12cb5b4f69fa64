import type { ClientEntry } from './prom-client-internals.ts';
import type { Cells } from './slot-writer.ts';

const SERIES = Symbol('prom-multiproc series');

/** Told before each write through prom-client's own storage. */
export interface WriteGuard {
  beforeWrite(): void;
  /** Whether a value may be stored: NaN in shared memory would outlive every process. */
  accepts(value: number): boolean;
}

/**
 * The values of one series of this process: cells on the heap until the process has a slot, then in the slot file. The
 * entry that prom-client stores reads and writes them through accessors.
 */
export class SharedSeries {
  array: Float64Array;
  base = 0;
  readonly entry: ClientEntry;

  constructor(entry: ClientEntry, initial: Float64Array) {
    this.entry = entry;
    this.array = initial;
    Object.defineProperty(entry, SERIES, { value: this });
  }

  static of(entry: ClientEntry): SharedSeries | undefined {
    return (entry as { [SERIES]?: SharedSeries })[SERIES];
  }

  /** Moves to cells of a slot file: values add up with what is inherited there, or begin where nothing is. */
  moveTo(cells: Cells, count: number, isGauge: boolean): void {
    const { array: from, base: start } = this;
    const { array, base } = cells;
    const inherits = !isGauge && !Number.isNaN(array[base]!);
    // The first cell last: its becoming a number is what makes the series present.
    for (let i = count - 1; i >= 0; i--)
      array[base + i] = (inherits ? array[base + i]! : 0) + from[start + i]!;
    this.array = array;
    this.base = base;
  }

  /** Leaves the cells for others on the heap, taking the values along. */
  moveToHeap(count: number): Cells {
    const left = { array: this.array, base: this.base };
    this.array = this.array.slice(this.base, this.base + count);
    this.base = 0;
    return left;
  }

  overwrite(values: Float64Array): void {
    for (let i = values.length - 1; i >= 0; i--) this.array[this.base + i] = values[i]!;
  }

  /** Adds to the cell at `offset` of the series; the whole of what counting costs. */
  add(offset: number, delta: number): void {
    this.array[this.base + offset]! += delta;
  }
}

/** Makes a series absent. The first cell first: its becoming NaN is what makes the series absent. */
export function makeAbsent({ array, base }: Cells, count: number): void {
  array[base] = Number.NaN;
  for (let i = 1; i < count; i++) array[base + i] = 0;
}
