import { closeSync } from 'node:fs';
import { CellRules } from '../format/cell-rules.ts';
import { keepsDeadValues } from '../format/gauge-aggregators.ts';
import {
  CELL_OF_QUANTILES,
  CELLS_PER_CHUNK,
  cellsPerSeries,
  exemplarCells,
  familyKey,
  HEADER_BYTES,
  type LabelPair,
  type MetricDefinition,
  placeCells,
  VERSION,
  valueCells,
} from '../format/layout.ts';
import { BadLogError, decodeLog, encodeMetric, encodeSeries } from '../format/log-codec.ts';
import { seriesKey } from '../format/series-key.ts';
import type { Libc } from '../os/libc.ts';
import { makeAbsent } from './absent-cells.ts';
import { ExemplarRecords } from './exemplar-records.ts';
import { checkFile, isUnborn } from './found-file.ts';
import { FreeCells } from './free-cells.ts';
import { checkOwner, makeDirectory } from './own-directory.ts';
import { type Cells, type Loss, MAGIC_WORD, SlotFile } from './slot-file.ts';
import { type HeldSlot, holdLowestFreeSlot, recreateHeld } from './slot-lock.ts';

export interface SlotWriterOptions {
  /** The time in seconds: see `bootTime`. */
  now(): number;
  /** Called for each metric or series that does not fit into the file. */
  onRefused(error: Error): void;
  /** Called for each exemplar that does not, unless the file was full before. */
  onExemplarRefused(error: Error): void;
}

interface WrittenMetric {
  readonly ordinal: number;
  readonly definition: MetricDefinition;
  readonly free: FreeCells;
  /** Number of its series in the file, including removed and inherited ones. */
  series: number;
}

/** Writes the slot file of this process. Every stored value survives the process. */
export class SlotWriter {
  readonly slot: number;
  readonly #options: SlotWriterOptions;
  readonly #file: SlotFile;
  readonly #exemplars: ExemplarRecords;
  readonly #metrics = new Map<string, WrittenMetric>();
  #metricCount = 0;
  #nextCell = 0;

  /**
   * Takes the lowest free slot and continues the counts of its previous holder: FORMAT.md#taking-a-slot. Skips damaged files
   * without changing them, because readers keep their last good values. Creates the directory if it is missing.
   * @throws Error if this process cannot have a slot in the directory; the message says why and what to do.
   */
  static open(libc: Libc, directory: string, options: SlotWriterOptions): SlotWriter {
    makeDirectory(directory);
    checkOwner(directory);
    for (let first = 0; ; ) {
      const found = holdLowestFreeSlot(libc, directory, first);
      const isNew = isUnborn(found.fd);
      const held = isNew ? recreateHeld(libc, found) : found;
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
    this.#exemplars = new ExemplarRecords(this.#file, (error) => options.onExemplarRefused(error));
    const { header } = this.#file;
    try {
      if (isNew) this.#initialise();
      else this.#takeOver();
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

  /**
   * The cells of a series, which is created if the file does not have it. Undefined if it does not fit; it is counted as refused
   * unless this is a repeated attempt (`again`).
   */
  series(definition: MetricDefinition, labels: readonly LabelPair[], again = false): Cells | undefined {
    try {
      return this.#series(definition, labels);
    } catch (error) {
      if (!again) this.#refuse(error as Error);
      return undefined;
    }
  }

  /** Whether the file has unused cells for this series, or its metric has fewer than `limit` series. */
  isWithin(limit: number, definition: MetricDefinition, labels: readonly LabelPair[]): boolean {
    const metric = this.#metrics.get(definitionKey(definition));
    if (metric === undefined || metric.series < limit) return true;
    return metric.free.has(seriesKey(definition.labelNames, labels));
  }

  /** Publishes a metric without a series. */
  metric(definition: MetricDefinition): void {
    try {
      this.#metric(definition);
    } catch (error) {
      this.#refuse(error as Error);
    }
  }

  /** Returns the cells of a series. The next call of `series()` for the same labels gets them. */
  release(definition: MetricDefinition, labels: readonly LabelPair[], cells: Cells): void {
    this.#metrics.get(definitionKey(definition))?.free.add(seriesKey(definition.labelNames, labels), cells);
  }

  /**
   * Makes the unused series of a family (`familyKey`) absent, or only the one with the series key `key`: inherited and released
   * ones, of any definition. A successor finds them absent, too.
   */
  forget(family: string, key?: string): void {
    for (const { definition, free } of this.#metrics.values()) {
      if (familyKey(definition) !== family) continue;
      for (const cells of free.all(key)) makeAbsent(cells, cellsPerSeries(definition));
    }
  }

  /** Publishes whether this thread counts the metrics of the whole process: see `ProcessWideMetrics`. */
  publishProcessMetrics(token: bigint, state: number): void {
    const { header } = this.#file;
    header.process = token;
    header.processMetrics = state;
  }

  beat(now: number): void {
    this.#file.header.heartbeat = now;
    this.#exemplars.retry();
    this.#exemplars.writeLate();
  }

  /** See `ExemplarRecords.writeLate`. */
  writeLateExemplars(): void {
    this.#exemplars.writeLate();
  }

  /** How the file was damaged or lost; undefined if it is intact. */
  findLoss(): Loss | undefined {
    return this.#file.findLoss();
  }

  /** Abandons a lost file: see `SlotFile.abandon`. */
  abandon(): () => void {
    return this.#file.abandon();
  }

  /** Releases the slot. Its cells remain mapped and writable. */
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

  #takeOver(): void {
    const { header } = this.#file;
    if (header.magic !== MAGIC_WORD || header.version !== VERSION) {
      throw new BadLogError(`not a slot file of format version ${VERSION}`);
    }
    const { started } = header;
    // The first store. Readers take a locked slot for a living process: with the old `started` they would show gauges of the
    // previous holder.
    header.started = 0;
    try {
      const written = this.#inheritAll();
      for (const metric of written) this.#resetOwnValues(metric);
      this.#exemplars.takeOver(this.#file.exemplarChunks);
    } catch (error) {
      // A damaged file must not be changed.
      header.started = started;
      throw error;
    }
  }

  /** Reads all metrics and series of the file, and changes nothing. @throws BadLogError if the file is damaged. */
  #inheritAll(): WrittenMetric[] {
    const records = [...decodeLog(this.#file.takeOver(), [])];
    const written: WrittenMetric[] = [];
    const rules = new CellRules();
    for (const record of records) {
      if (record.kind === 'metric') written.push(this.#remember(record.definition));
      else this.#inherit(written[record.metric]!, record.labels, rules);
    }
    rules.check(this.#file.allValues());
    return written;
  }

  #inherit(metric: WrittenMetric, labels: readonly LabelPair[], rules: CellRules): void {
    const { definition } = metric;
    const count = cellsPerSeries(definition);
    const first = placeCells(this.#nextCell, count);
    this.#nextCell = first + count;
    const cells = this.#cellsAt(first, definition);
    if (count > CELLS_PER_CHUNK || cells === undefined) {
      throw new BadLogError(`${count} cells from cell ${first} on exceed the cells of the file`);
    }
    metric.free.add(seriesKey(definition.labelNames, labels), cells);
    metric.series++;
    rules.addSeries(definition);
  }

  /** Resets the values of the previous holder alone: gauges, unless their aggregator keeps them, and quantiles. */
  #resetOwnValues({ definition, free }: WrittenMetric): void {
    const { type, aggregator } = definition;
    if (type !== 'summary' && (type !== 'gauge' || keepsDeadValues(aggregator))) return;
    const count = cellsPerSeries(definition);
    for (const { array, base } of free.all()) {
      if (type === 'gauge') array[base] = Number.NaN;
      else array.fill(0, base + CELL_OF_QUANTILES, base + count);
    }
  }

  #series(definition: MetricDefinition, labels: readonly LabelPair[]): Cells {
    const metric = this.#metric(definition);
    const key = seriesKey(definition.labelNames, labels);
    const free = metric.free.take(key);
    if (free !== undefined) return this.#withExemplars(definition, free);

    const count = cellsPerSeries(definition);
    if (count > CELLS_PER_CHUNK)
      throw new RangeError(
        `${definition.name} has too many buckets or quantiles: ${count} cells for each series, at most ${CELLS_PER_CHUNK} are allowed. Use fewer`,
      );
    const first = placeCells(this.#nextCell, count);
    if (first + count > this.#file.capacity) this.#file.addCells();
    const cells = this.#cellsAt(first, definition)!;
    // The series is absent until its first value is stored. The other cells are zero.
    cells.array[cells.base] = Number.NaN;
    this.#file.append(encodeSeries(metric.ordinal, labels));
    this.#nextCell = first + count;
    metric.series++;
    return this.#withExemplars(definition, cells);
  }

  /** The cells of a series that is added to the file. */
  #cellsAt(first: number, definition: MetricDefinition): Cells | undefined {
    const cells = this.#file.cellsAt(first);
    const exemplars = exemplarCells(definition);
    if (cells !== undefined && exemplars > 0) this.#exemplars.add(cells, valueCells(definition), exemplars);
    return cells;
  }

  #withExemplars(definition: MetricDefinition, { array, base }: Cells): Cells {
    return definition.exemplars ? { array, base, exemplars: this.#exemplars } : { array, base };
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

function definitionKey(definition: MetricDefinition): string {
  const { name, type, aggregator, labelNames, bounds, registry, exemplars } = definition;
  return JSON.stringify([name, type, aggregator, labelNames, bounds, registry, exemplars]);
}
