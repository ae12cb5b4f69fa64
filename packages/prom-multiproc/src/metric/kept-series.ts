import type { ClientLabels } from '../client/client-internals.ts';
import { isNeverSet, mergedAs, NEVER_SET } from '../format/gauge-aggregators.ts';
import { isTimed } from '../format/layout.ts';
import { bootTime } from '../os/boot-clock.ts';
import type { Cells } from '../slot/slot-file.ts';
import { type SeriesOwner, SharedSeries } from './shared-series.ts';

type Combine = (inherited: number, own: number) => number;

const COMBINE = new Map<string, Combine>([
  ['sum', (inherited, own) => inherited + own],
  ['min', Math.min],
  ['max', Math.max],
]);

const NONE = Number.NaN;

/**
 * A series of a gauge whose aggregator keeps the values of dead processes. Its cell holds the inherited value combined with
 * this process's own. Each update is one store, so the process may die at any instruction. The process itself reads only its
 * own value. The time of a write is stored after the value: if the process dies in between, the value counts as older.
 */
export class KeptSeries extends SharedSeries {
  readonly #combine: Combine | undefined;
  readonly #isTimed: boolean;
  readonly #addsUp: boolean;
  #own: number;
  #time: number;
  /** The value that dead processes left in the slot. */
  #inherited = NONE;
  /** The amount of this process that readers still count from its lost file. It is subtracted from the value in the new slot. */
  #inLostFile = 0;

  /** `initial` has the cells as this process has set them, or `NEVER_SET`. */
  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array, aggregator: string) {
    super(owner, labels, initial);
    const one = mergedAs(aggregator);
    this.#combine = COMBINE.get(one);
    this.#addsUp = one === 'sum';
    this.#isTimed = isTimed(aggregator);
    this.#own = initial[0]!;
    this.#time = initial[1] ?? 0;
  }

  get value(): number {
    return this.#own + 0;
  }
  set value(value: number) {
    this.owner.beforeWrite();
    this.#own = value + 0;
    if (this.#isTimed) this.#time = bootTime();
    this.#store();
  }

  /** Inherits the values in the cells. With `replaces`, the cells hold earlier values of this series, not inherited ones. */
  override moveTo({ array, base }: Cells, count: number, replaces: boolean): void {
    const found = array[base]!;
    if (!replaces) this.#inherited = isNeverSet(found) ? NONE : found;
    this.array = array;
    this.base = base;
    const isOlder = this.#isTimed && this.#time < array[base + 1]!;
    if (!Number.isNaN(this.#inherited) && (isNeverSet(this.#own) || isOlder)) return;
    // The first cell is stored last: a number in it makes the series present.
    if (Number.isNaN(found) && count > 1) array[base + 1] = this.#time;
    this.#store();
  }

  override moveToHeap(count: number): void {
    this.array = new Float64Array(count);
    this.base = 0;
    this.#store();
  }

  override loseSlot(count: number): void {
    this.#inLostFile = this.#addsUp && Number.isFinite(this.#own) ? this.#own : 0;
    this.#inherited = NONE;
    this.moveToHeap(count);
  }

  override leaveSlot(count: number): void {
    this.#inLostFile = 0;
    this.#inherited = NONE;
    this.moveToHeap(count);
  }

  #store(): void {
    const { array, base } = this;
    array[base] = this.#shown();
    if (this.#isTimed) array[base + 1] = this.#time;
  }

  /** Ignores NaN: a process that takes the slot later could not remove it. */
  #shown(): number {
    const inherited = this.#inherited;
    if (isNeverSet(this.#own)) return Number.isNaN(inherited) ? NEVER_SET : inherited;
    const own = this.#own - this.#inLostFile;
    if (Number.isNaN(inherited)) return own;
    const both = this.#combine === undefined ? own : this.#combine(inherited, own);
    return Number.isNaN(both) ? inherited : both;
  }
}
