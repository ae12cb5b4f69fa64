import { closeSync, fstatSync, readSync } from 'node:fs';
import { CellRules } from '../format/cell-rules.ts';
import { keepsTheDead } from '../format/gauge-aggregators.ts';
import {
  AT_CHUNKS,
  AT_LOG_STATE,
  AT_MAGIC,
  CELLS_PER_CHUNK,
  cellsPerSeries,
  familyKey,
  HEADER_BYTES,
  type LabelPair,
  type MetricDefinition,
  placeCells,
  VERSION,
} from '../format/layout.ts';
import { BadLogError, decodeLog, encodeMetric, encodeSeries } from '../format/log-codec.ts';
import { seriesKey } from '../format/series-key.ts';
import type { Libc } from '../os/libc.ts';
import { makeAbsent } from './absent-cells.ts';
import { FreeCells } from './free-cells.ts';
import { checkOwner, makeDirectory } from './own-directory.ts';
import { type Cells, type Loss, MAGIC_WORD, SlotFile } from './slot-file.ts';
import { type HeldSlot, holdAnew, holdLowestFreeSlot } from './slot-lock.ts';

export interface SlotWriterOptions {
  /** See `bootTime`. */
  now(): number;
  /** Called for each metric or series that found no room. */
  onRefused(error: Error): void;
}

interface WrittenMetric {
  readonly ordinal: number;
  readonly definition: MetricDefinition;
  readonly free: FreeCells;
  /** Of the file, removed ones and those that nobody counts in too. */
  series: number;
}

/** The one slot file that a process counts into. Every value it holds survives the process. */
export class SlotWriter {
  readonly slot: number;
  readonly #options: SlotWriterOptions;
  readonly #file: SlotFile;
  readonly #metrics = new Map<string, WrittenMetric>();
  #metricCount = 0;
  #nextCell = 0;

  /**
   * Takes the lowest free slot that is sound, carrying on from what a dead holder counted. Damaged files are passed
   * over and left as they are, for readers hold them at their last good values. Makes the directory where it is missing.
   * @throws Error where the directory cannot hold a slot of this process; the message says why and what to do.
   */
  static open(libc: Libc, directory: string, options: SlotWriterOptions): SlotWriter {
    makeDirectory(directory);
    checkOwner(directory);
    for (let first = 0; ; ) {
      const found = holdLowestFreeSlot(libc, directory, first);
      const isNew = isUnborn(found.fd);
      const held = isNew ? holdAnew(libc, found) : found;
      if (held === undefined) continue;
      try {
        if (isNew) libc.allocate(held.fd, 0, HEADER_BYTES);
        else checkFile(held.fd);
        return new SlotWriter(libc, held, isNew, options);
      } catch (error) {
        closeSync(held.fd);
        if (!(error instanceof BadLogError)) throw error;
        first = held.slot + 1;
      }
    }
  }

  private constructor(libc: Libc, held: HeldSlot, isNew: boolean, options: SlotWriterOptions) {
    this.slot = held.slot;
    this.#options = options;
    this.#file = new SlotFile(libc, held);
    const { header } = this.#file;
    try {
      if (isNew) this.#initialise();
      else this.#carryOn();
    } catch (error) {
      this.#file.unmap();
      throw error;
    }
    header.pid = process.pid;
    header.processMetrics = 0;
    header.process = 0n;
    header.heartbeat = options.now();
    header.started = options.now();
  }

  /** The cells of a series, new or carried on; undefined (and counted as refused) where there is no room for it. */
  series(definition: MetricDefinition, labels: readonly LabelPair[], again = false): Cells | undefined {
    try {
      return this.#series(definition, labels);
    } catch (error) {
      if (!again) this.#refuse(error as Error);
      return undefined;
    }
  }

  /** Whether the file has a series to count on in, or its metric has fewer than `limit` series. */
  isWithin(limit: number, definition: MetricDefinition, labels: readonly LabelPair[]): boolean {
    const metric = this.#metrics.get(definitionKey(definition));
    if (metric === undefined || metric.series < limit) return true;
    return metric.free.has(seriesKey(definition.labelNames, labels));
  }

  /** Publishes a metric that has no series yet. */
  metric(definition: MetricDefinition): void {
    try {
      this.#metric(definition);
    } catch (error) {
      this.#refuse(error as Error);
    }
  }

  /** Takes back the cells of a series, to be given to whoever counts in it next. */
  release(definition: MetricDefinition, labels: readonly LabelPair[], cells: Cells): void {
    this.#metrics.get(definitionKey(definition))?.free.give(seriesKey(definition.labelNames, labels), cells);
  }

  /**
   * Makes absent every series of the family (see `familyKey`) that nobody in this process counts in, or the one with this
   * key: those inherited and those released, whatever definition they were made by. It stays so for a successor.
   */
  forget(family: string, key?: string): void {
    for (const { definition, free } of this.#metrics.values()) {
      if (familyKey(definition) !== family) continue;
      for (const cells of free.all(key)) makeAbsent(cells, cellsPerSeries(definition));
    }
  }

  /** Says to other threads of the process what this one has of its metrics: see `ProcessWideMetrics`. */
  publishProcessMetrics(token: bigint, state: number): void {
    const { header } = this.#file;
    header.process = token;
    header.processMetrics = state;
  }

  beat(now: number): void {
    this.#file.header.heartbeat = now;
  }

  /** How the file was damaged or lost; undefined where it is as this process left it. */
  findLoss(): Loss | undefined {
    return this.#file.findLoss();
  }

  /** Abandons a slot whose file is lost: see `SlotFile.abandon`. */
  abandon(): () => void {
    return this.#file.abandon();
  }

  /** Gives the slot up. Cells handed out before remain mapped and writable. */
  close(): void {
    this.#file.close();
  }

  #refuse(error: Error): void {
    this.#file.header.refused += 1;
    this.#options.onRefused(error);
  }

  #initialise(): void {
    const { header } = this.#file;
    header.version = VERSION;
    header.magic = MAGIC_WORD;
  }

  #carryOn(): void {
    const { header } = this.#file;
    if (header.magic !== MAGIC_WORD || header.version !== VERSION) {
      throw new BadLogError(`not a slot file of version ${VERSION}`);
    }
    const { started } = header;
    // At once: the gauges of the dead holder must not show under this holder's lock.
    header.started = 0;
    try {
      const written = this.#inheritAll();
      for (const metric of written) this.#beginAnew(metric);
    } catch (error) {
      // Not this process's to change.
      header.started = started;
      throw error;
    }
  }

  /** @throws BadLogError where the file is damaged; nothing in it is changed. */
  #inheritAll(): WrittenMetric[] {
    const records = [...decodeLog(this.#file.carryOn(), [])];
    const written: WrittenMetric[] = [];
    const rules = new CellRules();
    for (const record of records) {
      if (record.kind === 'metric') written.push(this.#remember(record.definition));
      else this.#inherit(written[record.metric]!, record.labels, rules);
    }
    rules.check(this.#file.allValues(), this.#nextCell);
    return written;
  }

  #inherit(metric: WrittenMetric, labels: readonly LabelPair[], rules: CellRules): void {
    const { definition } = metric;
    const count = cellsPerSeries(definition);
    const first = placeCells(this.#nextCell, count);
    this.#nextCell = first + count;
    const cells = this.#file.cellsAt(first);
    if (count > CELLS_PER_CHUNK || cells === undefined) {
      throw new BadLogError(`${count} cells from ${first} on lie beyond the cells of the file`);
    }
    metric.free.give(seriesKey(definition.labelNames, labels), cells);
    metric.series++;
    rules.addSeries(definition, first);
  }

  /** What is of the dead holder alone: gauges whose aggregator does not keep it, and quantiles, which are those of one process's own time window. */
  #beginAnew({ definition, free }: WrittenMetric): void {
    const { type, aggregator } = definition;
    if (type !== 'summary' && (type !== 'gauge' || keepsTheDead(aggregator))) return;
    const count = cellsPerSeries(definition);
    for (const { array, base } of free.all()) {
      if (type === 'gauge') array[base] = Number.NaN;
      else array.fill(0, base + 2, base + count);
    }
  }

  #series(definition: MetricDefinition, labels: readonly LabelPair[]): Cells {
    const metric = this.#metric(definition);
    const key = seriesKey(definition.labelNames, labels);
    const free = metric.free.take(key);
    if (free !== undefined) return free;

    const count = cellsPerSeries(definition);
    if (count > CELLS_PER_CHUNK) throw new RangeError(`${definition.name} has ${count} cells a series`);
    const first = placeCells(this.#nextCell, count);
    if (first + count > this.#file.room) this.#file.addCells();
    const cells = this.#file.cellsAt(first)!;
    // Absent until its first value is in; histograms and summaries begin at zeros.
    cells.array[cells.base] = Number.NaN;
    this.#file.append(encodeSeries(metric.ordinal, labels));
    this.#nextCell = first + count;
    metric.series++;
    return cells;
  }

  #metric(definition: MetricDefinition): WrittenMetric {
    const known = this.#metrics.get(definitionKey(definition));
    if (known !== undefined) return known;
    this.#file.append(encodeMetric(definition));
    return this.#remember(definition);
  }

  #remember(definition: MetricDefinition): WrittenMetric {
    const metric = { ordinal: this.#metricCount++, definition, free: new FreeCells(), series: 0 };
    this.#metrics.set(definitionKey(definition), metric);
    return metric;
  }
}

function definitionKey({ name, type, aggregator, labelNames, bounds, registry }: MetricDefinition): string {
  return JSON.stringify([name, type, aggregator, labelNames, bounds, registry]);
}

/** Whether the file of this process's user is one that nobody has finished making: it holds nothing. */
function isUnborn(fd: number): boolean {
  const { size, uid } = fstatSync(fd);
  if (size > HEADER_BYTES || uid !== process.geteuid?.()) return false;
  const header = Buffer.alloc(HEADER_BYTES);
  readSync(fd, header, 0, size, 0);
  return (
    header.readBigUInt64LE(AT_MAGIC) === 0n &&
    header.readBigUInt64LE(AT_LOG_STATE) === 0n &&
    header.readUInt32LE(AT_CHUNKS) === 0
  );
}

/** @throws BadLogError for a file that readers do not trust, or that has no header to map. */
function checkFile(fd: number): void {
  const { size, uid } = fstatSync(fd);
  if (uid !== process.geteuid?.()) throw new BadLogError(`belongs to user id ${uid}`);
  if (size < HEADER_BYTES) throw new BadLogError(`file is cut short: ${size} bytes`);
}
