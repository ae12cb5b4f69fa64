import { statSync } from 'node:fs';
import type { ClientMetric } from '../client/client-internals.ts';
import { renderPage, reusePage } from '../exposition/page.ts';
import { TEXT } from '../exposition/page-format.ts';
import { selfMetrics } from '../exposition/self-metrics.ts';
import type { MetricDefinition } from '../format/layout.ts';
import { DirectoryReader } from '../merge/directory-reader.ts';
import { Collector } from '../metric/collector.ts';
import type { MetricRegistry } from '../metric/defined-metric.ts';
import { MetricWarnings } from '../metric/metric-warnings.ts';
import { COLLECT_LIMIT, type LimitOptions, ProcessLimits } from '../metric/process-limits.ts';
import type { SharedMetric } from '../metric/shared-metric.ts';
import { loadLibc } from '../os/libc.ts';
import { readOwn } from '../slot/own-directory.ts';
import { COLLECT_FAILURES, SlotSelfMetrics } from '../slot/slot-self-metrics.ts';
import type { SlotWriter } from '../slot/slot-writer.ts';
import { processState } from '../util/process-state.ts';
import { refreshInterval } from '../util/refresh-interval.ts';
import { Warnings } from '../util/warnings.ts';
import { LastAnswers } from './last-answers.ts';
import { ProcessMetrics } from './process-metrics.ts';
import { ProcessWideMetrics } from './process-wide-metrics.ts';
import { SlotCellSource } from './slot-cell-source.ts';
import { type SharingListener, SlotHolder } from './slot-holder.ts';
import { SlotRefresh } from './slot-refresh.ts';

interface SlotOptions extends LimitOptions {
  readonly includeCreatedTimestamps?: boolean;
}

/** Number of pages after which V8 has compiled most of the code that makes them. */
const REHEARSALS = 3;

/**
 * The slot of this process (or worker thread) in one directory. Taken at the first write and held until the process ends. All
 * shared registries of the process count in it.
 */
export class ProcessSlot {
  readonly #warnings = new Warnings();
  readonly #metricWarnings = new MetricWarnings(this.#warnings);
  readonly limits = new ProcessLimits();
  /** See `ShareOptions`. */
  includesCreated = false;
  /** The self-metrics in this slot. */
  readonly selfMetrics = new SlotSelfMetrics(() => this.#takeWriter());
  readonly #holder: SlotHolder;
  readonly #metrics: ProcessMetrics;
  readonly #collector: Collector;
  readonly #refresh: SlotRefresh;
  #reader: DirectoryReader | undefined;
  /** Number of series at the last rehearsal. The first one is for twice this number: a shorter page is made in a millisecond. */
  #rehearsed = 500;

  constructor(directory: string) {
    this.#holder = new SlotHolder(directory, this.#warnings);
    const processWide = new ProcessWideMetrics(directory);
    const source = new SlotCellSource({
      warnings: this.#metricWarnings,
      limits: this.limits,
      selfMetrics: this.selfMetrics,
      processWide,
      writer: () => this.#writer,
      beforeWrite: () => {
        this.take();
        this.#metrics.bindAll();
      },
    });
    this.#metrics = new ProcessMetrics({
      source,
      writer: () => this.#writer,
      onAttached: (metric) => this.#onAttached(metric),
      onName: (name, hasNamesake) => this.#metricWarnings.namesake(name, hasNamesake),
    });
    this.#collector = new Collector(
      (client) => this.#metrics.get(client),
      () => this.limits.collectTimeoutMs,
      ({ name }, error) => this.collectFailed(name, error),
    );
    this.#refresh = new SlotRefresh({
      holder: this.#holder,
      metrics: this.#metrics,
      collector: this.#collector,
      processWide,
      selfMetrics: this.selfMetrics,
    });
    setInterval(() => void this.refresh(), refreshInterval()).unref();
  }

  get directory(): string {
    return this.#holder.directory;
  }

  /** Identifies the directory and the registry name among all directories of the machine. */
  identity(name: string | undefined): string {
    const { dev, ino } = statSync(this.directory);
    return `${dev}:${ino}${name === undefined ? '' : `:${name}`}`;
  }

  /** @throws TypeError for an invalid limit */
  setOptions(options: SlotOptions): void {
    this.limits.set(options);
    this.includesCreated = options.includeCreatedTimestamps ?? this.includesCreated;
  }

  /** Why this process cannot share. It tries again at each refresh. Undefined while it can, or has not tried. */
  get failure(): Error | undefined {
    return this.#holder.failure;
  }

  get #writer(): SlotWriter | undefined {
    return this.#holder.writer;
  }

  /** Slot number; undefined until the slot is taken. */
  get number(): number | undefined {
    return this.#writer?.slot;
  }

  /** See `ProcessMetrics.attach`. */
  attach(client: ClientMetric, registry: MetricRegistry): SharedMetric | undefined {
    return this.#metrics.attach(client, registry);
  }

  #onAttached(metric: SharedMetric): void {
    if (metric.hasCounts()) this.take();
    // Deferred: the constructor of the metric may still be running.
    if (this.#writer !== undefined) queueMicrotask(() => this.#metrics.bindAll());
  }

  attached(client: ClientMetric): SharedMetric | undefined {
    return this.#metrics.get(client);
  }

  /** See `ProcessMetrics.detach`. */
  detach(client: ClientMetric): void {
    this.#metrics.detach(client);
  }

  /** See `ProcessMetrics.families`. */
  families(): Set<string> {
    return this.#metrics.families();
  }

  /** See `ProcessMetrics.hasRetired`. */
  hasRetired(family: string): boolean {
    return this.#metrics.hasRetired(family);
  }

  /** See `ProcessMetrics.relabel`. */
  relabel(registry: MetricRegistry): void {
    this.#metrics.relabel(registry);
  }

  /** Takes the slot, unless an earlier attempt succeeded or failed. Reports a failure once and stores it in `failure`. */
  take(): void {
    if (this.#holder.take()) setImmediate(() => void this.#refresh.publishAll());
  }

  #takeWriter(): SlotWriter | undefined {
    this.take();
    return this.#writer;
  }

  /**
   * Takes the slot now, even if that failed before, and moves all counts into it.
   * @throws Error if the slot cannot be taken
   */
  takeNow(): number {
    this.#refresh.tryAgain();
    if (this.failure !== undefined) throw this.failure;
    return this.number!;
  }

  /** See `SlotRefresh.refresh`. */
  refresh(): Promise<void> {
    return this.#refresh.refresh();
  }

  /** See `ProcessMetrics.bindAll`. */
  bindAll(): void {
    this.#metrics.bindAll();
  }

  addListener(listener: SharingListener): void {
    this.#holder.addListener(listener);
  }

  /** See `Collector.collect`. */
  collect(client: ClientMetric): Promise<void> {
    return this.#collector.collect(client);
  }

  /** Asks objects that are not prom-client metrics, within the time limit of `collect()`. */
  lastAnswers<T>(): LastAnswers<ClientMetric, T> {
    return new LastAnswers(
      () => this.limits.collectTimeoutMs,
      COLLECT_LIMIT,
      ({ name }, error) => this.collectFailed(name, error),
    );
  }

  /** Reads the current counts of all processes, for all registries. @throws Error if they cannot be read */
  read(): DirectoryReader {
    if (this.#holder.isLost) this.#refresh.repair();
    if (this.failure !== undefined) throw this.failure;
    this.#metrics.bindAll();
    try {
      this.#reader ??= this.#newReader();
      readOwn(this.directory, this.#reader);
    } catch (error) {
      throw this.#holder.cannotShare(error);
    }
    return this.#reader;
  }

  /** What the last `read` read; reads only if there was none. @throws Error if it cannot */
  get lastRead(): DirectoryReader {
    return this.#reader ?? this.read();
  }

  /** Pids of the processes that held a slot at the last `read`. */
  holders(): Set<number> {
    const slots = this.#reader?.status.slots ?? [];
    return new Set(slots.map(({ pid }) => pid).filter((pid) => pid !== undefined));
  }

  /** See `DirectoryReader.readAhead`. */
  *readAhead(): Generator<void> {
    if (this.failure !== undefined) return;
    this.#reader ??= this.#newReader();
    yield* this.#reader.readAhead();
    yield* this.#rehearse(this.#reader);
  }

  /** Makes pages and drops them, each time the number of series has doubled: the next scrape runs compiled code. */
  *#rehearse(reader: DirectoryReader): Generator<void> {
    const series = reader.seriesCount;
    if (series < 2 * this.#rehearsed) return;
    this.#rehearsed = series;
    for (let page = 0; page < REHEARSALS; page++) {
      reader.refresh();
      const { families, status } = reader;
      const shown = [...families.values(), ...selfMetrics(status, families)];
      reusePage(renderPage(shown, TEXT));
      yield;
    }
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

  /** Counts a failed `collect()` of the metric `name`, and reports that `what` failed. */
  collectFailed(name: string, error: Error, what = `collect() of ${name}`): void {
    this.#metricWarnings.collectFailed(what, error);
    this.selfMetrics.add(COLLECT_FAILURES, [name]);
  }
}

const slots = processState('slots', () => new Map<string, ProcessSlot>());

/** Returns the slot of this process in `directory`. */
export function processSlot(directory: string): ProcessSlot {
  let slot = slots.get(directory);
  if (slot === undefined) {
    slot = new ProcessSlot(directory);
    slots.set(directory, slot);
  }
  return slot;
}
