import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import type { LabelPair, MetricDefinition } from './format.ts';
import { isAggregator } from './gauge-aggregators.ts';
import { loadLibc } from './libc.ts';
import type { Cells } from './slot-writer.ts';
import { SlotWriter } from './slot-writer.ts';

/**
 * The slot of this process (or worker thread) in one directory, taken at the first write and kept for life. All shared
 * registries of the process count into it.
 */
export class ProcessSlot {
  readonly directory: string;
  /** Why this process cannot share, once it has tried in vain. */
  failure: Error | undefined;
  readonly #onTaken: (() => void)[] = [];
  readonly #warned = new Set<string>();
  #writer: SlotWriter | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  get isTaken(): boolean {
    return this.#writer !== undefined;
  }

  /** Calls `listener` when the slot is taken; at once where it is. */
  onTaken(listener: () => void): void {
    this.#onTaken.push(listener);
    if (this.isTaken) listener();
  }

  /** Takes the slot, unless it is taken or was refused before. Failure is told once and kept in `failure`. */
  take(): void {
    if (this.#writer !== undefined || this.failure !== undefined) return;
    try {
      this.#writer = SlotWriter.open(loadLibc(), this.directory, {
        now: () => Date.now() / 1000,
        onRefused: (error) =>
          this.#warnOnce('PROM_MULTIPROC_REFUSED', `a series is not shared: ${error.message}`),
      });
    } catch (error) {
      this.failure = new Error(`cannot share metrics in ${this.directory}: ${(error as Error).message}`, {
        cause: error,
      });
      this.#warnOnce('PROM_MULTIPROC_UNSHARED', this.failure.message);
      return;
    }
    for (const listener of this.#onTaken) listener();
  }

  metric(definition: MetricDefinition): void {
    const { name, type, aggregator } = definition;
    if (type === 'gauge' && !isAggregator(aggregator)) {
      this.#warnOnce(
        'PROM_MULTIPROC_AGGREGATOR',
        `${name}: '${aggregator}' is not a defined aggregator, the values of all processes are added up`,
      );
    }
    this.#writer?.metric(definition);
  }

  series(definition: MetricDefinition, labels: readonly LabelPair[]): Cells | undefined {
    return this.#writer?.series(definition, labels);
  }

  refuseNaN({ name }: MetricDefinition): void {
    this.#warnOnce(
      'PROM_MULTIPROC_NAN',
      `${name}: NaN was not counted, for no later value would ever show again`,
    );
  }

  beat(): void {
    this.#writer?.beat(Date.now() / 1000);
  }

  warnUnreadable(path: string, error: Error): void {
    this.#warnOnce(`PROM_MULTIPROC_UNREADABLE`, `${path} is held at its last good values: ${error.message}`);
  }

  #warnOnce(code: string, message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    process.emitWarning(message, { type: 'PromMultiprocWarning', code });
  }
}

const slots = new Map<string, ProcessSlot>();

/** The slot of this process in `directory`. */
export function processSlot(directory: string): ProcessSlot {
  let slot = slots.get(directory);
  if (slot === undefined) {
    slot = new ProcessSlot(directory);
    slots.set(directory, slot);
    if (cluster.isWorker && isMainThread) followParentIntoDeath(slot);
  }
  return slot;
}

// A stopped orphan of a killed primary would keep its lock, and with it every restart waiting.
function followParentIntoDeath(slot: ProcessSlot): void {
  try {
    loadLibc().dieWithParent();
  } catch (error) {
    slot.failure = new Error(`cannot share metrics: ${(error as Error).message}`, { cause: error });
  }
  // The parent may have died before it was asked for.
  if (!process.connected) process.exit(1);
}
