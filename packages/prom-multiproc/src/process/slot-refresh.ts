import type { Collector } from '../metric/collector.ts';
import { bootTime } from '../os/boot-clock.ts';
import type { SlotSelfMetrics } from '../slot/slot-self-metrics.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import type { ProcessWideMetrics } from './process-wide-metrics.ts';
import type { SlotHolder } from './slot-holder.ts';

/** The parts that a refresh works on. */
export interface RefreshedSlot {
  readonly holder: SlotHolder;
  readonly metrics: ProcessMetrics;
  readonly collector: Collector;
  readonly processWide: ProcessWideMetrics;
  readonly selfMetrics: SlotSelfMetrics;
}

/** Keeps the slot of this process intact and the values that readers see up to date. */
export class SlotRefresh {
  readonly #slot: RefreshedSlot;

  constructor(slot: RefreshedSlot) {
    this.#slot = slot;
  }

  /**
   * Repairs the slot, then runs each `collect()` and publishes quantiles and the heartbeat. Values that readers see are at most
   * `REFRESH_INTERVAL_MS` and one `collect()` old. Does not wait for a `collect()` beyond the time limit.
   */
  async refresh(): Promise<void> {
    this.repair();
    await this.publishAll();
  }

  /** Tries to take a slot after a failed attempt. */
  tryAgain(): void {
    if (!this.#slot.holder.tryAgain()) return;
    setImmediate(() => void this.publishAll());
    this.#slot.metrics.bindAll();
  }

  /** Takes a new slot if the file is lost or no slot could be taken before. Otherwise retries series without room. */
  repair(): void {
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

  /** As `refresh`, without repair. After taking a slot, call it in a later turn of the event loop. */
  async publishAll(): Promise<void> {
    const { collector, metrics, processWide, holder } = this.#slot;
    const collected = collector.collectIdly(metrics.clients());
    // Also before the wait: a `collect()` that hangs must not stop the heartbeat.
    this.#publish();
    await collected;
    for (const metric of processWide.settle(metrics.all(), holder.writer)) metrics.addUnbound(metric);
    metrics.bindAll();
    this.#publish();
  }

  #publish(): void {
    const { holder, metrics, selfMetrics } = this.#slot;
    if (holder.writer === undefined) return;
    for (const metric of metrics.all()) metric.publishQuantiles();
    selfMetrics.placeAll(holder.writer);
    holder.writer.beat(bootTime());
  }
}
