import type { ClientLabels } from '../client/client-internals.ts';
import { isNeverSet, NEVER_SET, withoutKeeping } from '../format/gauge-aggregators.ts';
import { isTimed } from '../format/layout.ts';
import { bootTime } from '../os/boot-clock.ts';
import type { Cells } from '../slot/slot-file.ts';
import { type SeriesOwner, SharedSeries } from './shared-series.ts';

type Combine = (left: number, own: number) => number;

const COMBINE = new Map<string, Combine>([
  ['sum', (left, own) => left + own],
  ['min', Math.min],
  ['max', Math.max],
]);

const NOTHING = Number.NaN;

/**
 * A series of a gauge whose aggregator keeps what dead processes have set. Its cell holds what the slot shows: what they
 * left there and this process's own value made one, by one store, so that a process may die at any instruction. The
 * process itself sees its own value only. The time of a write is stored after the value: a process that dies in between
 * leaves a value that is taken for an older one.
 */
export class KeptSeries extends SharedSeries {
  readonly #combine: Combine | undefined;
  readonly #isTimed: boolean;
  readonly #addsUp: boolean;
  #own: number;
  #time: number;
  /** What dead processes left in the slot. */
  #left = NOTHING;
  /** What those add who hold a lost file of this process at its last values. */
  #held = 0;

  /** `initial` has the cells of the series as this process has set them, or never has. */
  constructor(owner: SeriesOwner, labels: ClientLabels, initial: Float64Array, aggregator: string) {
    super(owner, labels, initial);
    const one = withoutKeeping(aggregator);
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

  /** Takes up what dead processes left in the cells; where it `replaces`, these hold what this series had there before. */
  override moveTo({ array, base }: Cells, count: number, replaces: boolean): void {
    const found = array[base]!;
    if (!replaces) this.#left = isNeverSet(found) ? NOTHING : found;
    this.array = array;
    this.base = base;
    const isOlder = this.#isTimed && this.#time < array[base + 1]!;
    if (!Number.isNaN(this.#left) && (isNeverSet(this.#own) || isOlder)) return;
    // The first cell last: its becoming a number is what makes the series present.
    if (Number.isNaN(found) && count > 1) array[base + 1] = this.#time;
    this.#store();
  }

  override moveToHeap(count: number): void {
    this.array = new Float64Array(count);
    this.base = 0;
    this.#store();
  }

  override loseSlot(count: number): void {
    this.#held = this.#addsUp && Number.isFinite(this.#own) ? this.#own : 0;
    this.#left = NOTHING;
    this.moveToHeap(count);
  }

  override leaveSlot(count: number): void {
    this.#held = 0;
    this.#left = NOTHING;
    this.moveToHeap(count);
  }

  #store(): void {
    const { array, base } = this;
    array[base] = this.#shown();
    if (this.#isTimed) array[base + 1] = this.#time;
  }

  /** NaN, which no later process could get rid of, counts as nothing. */
  #shown(): number {
    const left = this.#left;
    if (isNeverSet(this.#own)) return Number.isNaN(left) ? NEVER_SET : left;
    const own = this.#own - this.#held;
    if (Number.isNaN(left)) return own;
    const both = this.#combine === undefined ? own : this.#combine(left, own);
    return Number.isNaN(both) ? left : both;
  }
}
