import { statSync } from 'node:fs';
import { type ClientMetric, isStoredMetric } from '../client/client-internals.ts';
import { reportUnknownKind } from '../client/supported-client.ts';
import type { MetricDefinition } from '../format/layout.ts';
import { DirectoryReader } from '../merge/directory-reader.ts';
import { captureMetric } from '../metric/capture-metric.ts';
import { Collector } from '../metric/collector.ts';
import type { MetricHome } from '../metric/defined-metric.ts';
import { MetricWarnings } from '../metric/metric-warnings.ts';
import { ProcessLimits } from '../metric/process-limits.ts';
import type { SharedMetric } from '../metric/shared-metric.ts';
import { bootTime } from '../os/boot-clock.ts';
import { loadLibc } from '../os/libc.ts';
import { readOwn } from '../slot/own-directory.ts';
import { COLLECT_FAILURES, SlotOwnMetrics } from '../slot/slot-own-metrics.ts';
import type { SlotWriter } from '../slot/slot-writer.ts';
import { processState } from '../util/process-state.ts';
import { refreshInterval } from '../util/refresh-interval.ts';
import { Warnings } from '../util/warnings.ts';
import { LastAnswers } from './last-answers.ts';
import { ProcessWideMetrics } from './process-wide-metrics.ts';
import { SlotCellSource } from './slot-cell-source.ts';
import { type SharingListener, SlotHolder } from './slot-holder.ts';

/**
 * The slot of this process (or worker thread) in one directory, taken at the first write and kept for life. All shared
 * registries of the process count into it.
 */
export class ProcessSlot {
  readonly #metrics = new Map<ClientMetric, SharedMetric>();
  /** Those that are yet to move into the slot: an application may have thousands that have. */
  readonly #unbound = new Set<SharedMetric>();
  readonly #retired = new Set<string>();
  readonly #warnings = new Warnings();
  readonly #metricWarnings = new MetricWarnings(this.#warnings);
  readonly #collector = new Collector(
    (client) => this.#metrics.get(client),
    () => this.limits.collectTimeoutMs,
    ({ name }, error) => this.collectFailed(name, error),
  );
  #reader: DirectoryReader | undefined;
  readonly #holder: SlotHolder;
  readonly #processWide: ProcessWideMetrics;
  readonly #source: SlotCellSource;
  readonly limits = new ProcessLimits();
  /** What the library itself counts, in this slot. */
  readonly own = new SlotOwnMetrics(() => this.#takeWriter());

  constructor(directory: string) {
    this.#holder = new SlotHolder(directory, this.#warnings);
    this.#processWide = new ProcessWideMetrics(directory);
    this.#source = new SlotCellSource({
      warnings: this.#metricWarnings,
      limits: this.limits,
      own: this.own,
      processWide: this.#processWide,
      writer: () => this.#writer,
      beforeWrite: () => {
        this.take();
        this.bindAll();
      },
    });
    setInterval(() => void this.refresh(), refreshInterval()).unref();
  }

  get directory(): string {
    return this.#holder.directory;
  }

  /** What a registry of this name is among those of all directories of the machine. */
  identity(name: string | undefined): string {
    const { dev, ino } = statSync(this.directory);
    return `${dev}:${ino}${name === undefined ? '' : `:${name}`}`;
  }

  /** Why this process cannot share: it has tried in vain, and tries again at each refresh. */
  get failure(): Error | undefined {
    return this.#holder.failure;
  }

  get #writer(): SlotWriter | undefined {
    return this.#holder.writer;
  }

  /** Number of the slot, once it is taken. */
  get number(): number | undefined {
    return this.#writer?.slot;
  }

  /** Makes a metric of the registry `home` count in this slot; undefined for an object that is no metric of prom-client. */
  attach(client: ClientMetric, home: MetricHome): SharedMetric | undefined {
    if (!isStoredMetric(client)) return reportUnknownKind(client);
    let metric = captured.get(client);
    if (metric === undefined) {
      metric = captureMetric(client, home, this.#source);
      captured.set(client, metric);
    } else if (!metric.reattach(home)) {
      return this.#metrics.get(client);
    }
    this.#metrics.set(client, metric);
    this.#unbound.add(metric);
    this.#metricWarnings.namesake(client.name, () => this.#hasNamesake(metric));
    if (metric.hasCounts()) this.take();
    // Not now: the constructor of the metric may still be running.
    if (this.#writer !== undefined) queueMicrotask(() => this.bindAll());
    return metric;
  }

  attached(client: ClientMetric): SharedMetric | undefined {
    return this.#metrics.get(client);
  }

  /** Takes a metric out of the slot: it counts on for itself, as it does in prom-client once no registry has it. */
  detach(client: ClientMetric): void {
    const metric = this.#metrics.get(client);
    if (metric === undefined) return;
    const counted = metric.detach();
    this.#metrics.delete(client);
    this.#unbound.delete(metric);
    const { family } = metric;
    this.#retired.add(family);
    // Another registry may have a metric of the same name, whose inheritance this is too.
    if (counted && !this.#hasNamesake(metric)) this.#writer?.forget(family);
  }

  #hasNamesake(metric: SharedMetric): boolean {
    return [...this.#metrics.values()].some((other) => other !== metric && other.family === metric.family);
  }

  /** By `familyKey`: metrics that this process has, in whatever registry. */
  families(): Set<string> {
    return new Set([...this.#metrics.values()].map(({ family }) => family));
  }

  /** Whether this process had a metric of this `familyKey` in a registry and took it out. */
  hasRetired(family: string): boolean {
    return this.#retired.has(family);
  }

  /** Moves the metrics of a registry to the series of its present default labels. */
  relabel(home: MetricHome): void {
    for (const metric of this.#metrics.values()) {
      if (metric.home !== home) continue;
      metric.relabel();
      this.#unbound.add(metric);
    }
    this.bindAll();
  }

  /** Takes the slot, unless it is taken or could not be had before. Failure is reported once and kept in `failure`. */
  take(): void {
    if (this.#holder.take()) setImmediate(() => void this.#show());
  }

  #takeWriter(): SlotWriter | undefined {
    this.take();
    return this.#writer;
  }

  /**
   * Takes the slot now, also where that failed before, and moves into it what was counted so far.
   * @throws Error where it cannot be had.
   */
  takeNow(): number {
    this.#tryAgain();
    if (this.failure !== undefined) throw this.failure;
    return this.number!;
  }

  #tryAgain(): void {
    if (!this.#holder.tryAgain()) return;
    setImmediate(() => void this.#show());
    this.bindAll();
  }

  addListener(listener: SharingListener): void {
    this.#holder.addListener(listener);
  }

  /** Moves what was counted or registered before the slot was taken into it. */
  bindAll(): void {
    if (this.#writer === undefined) return;
    for (const metric of this.#unbound) if (metric.isComplete && metric.bind()) this.#unbound.delete(metric);
  }

  /**
   * Mends what it can, then runs each `collect()`, publishes quantiles of summaries and beats: what others see of these is
   * never older than `REFRESH_INTERVAL_MS` and a `collect()`. One that takes too long is left alone: it may never end.
   */
  async refresh(): Promise<void> {
    this.#mend();
    await this.#show();
  }

  async #show(): Promise<void> {
    const collected = this.#collector.collectIdly(this.#metrics.keys());
    // Now too: one that does not end must not make this process look like one that is stopped.
    this.#publish();
    await collected;
    const left = this.#processWide.settle(this.#metrics.values(), this.#writer);
    for (const metric of left) this.#unbound.add(metric);
    this.bindAll();
    this.#publish();
  }

  #publish(): void {
    if (this.#writer === undefined) return;
    for (const metric of this.#metrics.values()) metric.publishQuantiles();
    this.own.placeAll(this.#writer);
    this.#writer.beat(bootTime());
  }

  /** Takes another slot where the file of this one is lost, or one where none could be had; places what found no room. */
  #mend(): void {
    const loss = this.#holder.dropLost();
    if (loss !== undefined) {
      for (const metric of this.#metrics.values()) {
        metric.lose(loss.isReadable);
        this.#unbound.add(metric);
      }
    }
    if (loss !== undefined || this.failure !== undefined) this.#tryAgain();
    else for (const metric of this.#metrics.values()) metric.placeRefused();
  }

  /** See `Collector.collect`. */
  collect(client: ClientMetric): Promise<void> {
    return this.#collector.collect(client);
  }

  /** For asking what is no metric of prom-client, and has only its own word for what it shows. */
  lastAnswers<T>(): LastAnswers<ClientMetric, T> {
    return new LastAnswers(
      () => this.limits.collectTimeoutMs,
      ({ name }, error) => this.collectFailed(name, error),
    );
  }

  /** What all processes have counted up to now: one view for all registries. @throws Error where it cannot be had. */
  read(): DirectoryReader {
    if (this.#holder.isLost) this.#mend();
    if (this.failure !== undefined) throw this.failure;
    this.bindAll();
    try {
      this.#reader ??= this.#newReader();
      readOwn(this.directory, this.#reader);
    } catch (error) {
      throw this.#holder.cannotShare(error);
    }
    return this.#reader;
  }

  /** Process ids of those that held a slot at the last `read`, this one's clustered workers among them. */
  holders(): Set<number> {
    const slots = this.#reader?.status.slots ?? [];
    return new Set(slots.map(({ pid }) => pid).filter((pid) => pid !== undefined));
  }

  /** See `DirectoryReader.readAhead`. */
  *readAhead(): Generator<void> {
    if (this.failure !== undefined) return;
    this.#reader ??= this.#newReader();
    yield* this.#reader.readAhead();
  }

  #newReader(): DirectoryReader {
    return new DirectoryReader(loadLibc(), this.directory, (path, error) =>
      this.#metricWarnings.unreadable(path, error),
    );
  }

  /** See `MetricWarnings.otherType`. */
  warnOtherType(definition: MetricDefinition, shown: string): void {
    this.#metricWarnings.otherType(definition, shown);
  }

  /** Counts and reports a metric that could not be collected. */
  collectFailed(name: string, error: Error): void {
    this.#metricWarnings.collectFailed(name, error);
    this.own.add(COLLECT_FAILURES, [name]);
  }
}

/** A metric is captured once and stays with the slot it was first shared in, whatever registries it is in. */
const captured = processState('captured', () => new WeakMap<ClientMetric, SharedMetric>());

const slots = processState('slots', () => new Map<string, ProcessSlot>());

/** The slot of this process in `directory`. */
export function processSlot(directory: string): ProcessSlot {
  let slot = slots.get(directory);
  if (slot === undefined) {
    slot = new ProcessSlot(directory);
    slots.set(directory, slot);
  }
  return slot;
}
