import type { Collector } from '../metric/collector.ts';
import { bootTime } from '../os/boot-clock.ts';
import type { SlotOwnMetrics } from '../slot/slot-own-metrics.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import type { ProcessWideMetrics } from './process-wide-metrics.ts';
import type { SlotHolder } from './slot-holder.ts';

/** What a refresh works on. */
export interface RefreshedSlot {
  readonly holder: SlotHolder;
  readonly metrics: ProcessMetrics;
  readonly collector: Collector;
  readonly processWide: ProcessWideMetrics;
  readonly own: SlotOwnMetrics;
}

/** Keeps what others see of this process up to date, and its slot sound. */
export class SlotRefresh {
  readonly #slot: RefreshedSlot;

  constructor(slot: RefreshedSlot) {
    this.#slot = slot;
  }

  /**
   * Mends what it can, then runs each `collect()`, publishes quantiles of summaries and beats: what others see of these is
   * never older than `REFRESH_INTERVAL_MS` and a `collect()`. One that takes too long is left alone: it may never end.
   */
  async refresh(): Promise<void> {
    this.mend();
    await this.show();
  }

  /** Tries to take a slot that could not be had before. */
  tryAgain(): void {
    if (!this.#slot.holder.tryAgain()) return;
    setImmediate(() => void this.show());
    this.#slot.metrics.bindAll();
  }

  /** Takes another slot where the file of this one is lost, or one where none could be had; places what found no room. */
  mend(): void {
    const { holder, metrics } = this.#slot;
    const loss = holder.dropLost();
    if (loss !== undefined) {
      for (const metric of metrics.all()) {
        metric.lose(loss.isReadable);
        metrics.addUnbound(metric);
      }
    }
    if (loss !== undefined || holder.failure !== undefined) this.tryAgain();
    else for (const metric of metrics.all()) metric.placeRefused();
  }

  /** As `refresh`, of a slot that is sound; to be called in another turn of the event loop once it was taken. */
  async show(): Promise<void> {
    const { collector, metrics, processWide, holder } = this.#slot;
    const collected = collector.collectIdly(metrics.clients());
    // Now too: one that does not end must not make this process look like one that is stopped.
    this.#publish();
    await collected;
    for (const metric of processWide.settle(metrics.all(), holder.writer)) metrics.addUnbound(metric);
    metrics.bindAll();
    this.#publish();
  }

  #publish(): void {
    const { holder, metrics, own } = this.#slot;
    if (holder.writer === undefined) return;
    for (const metric of metrics.all()) metric.publishQuantiles();
    own.placeAll(holder.writer);
    holder.writer.beat(bootTime());
  }
}
