import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { slotFileName, slotOfFileName } from '../format/layout.ts';
import { bootTime, unixTimeOfBoot } from '../os/boot-clock.ts';
import type { Libc } from '../os/libc.ts';
import { statDirectory } from '../os/stat-directory.ts';
import { FileReplacedError, SlotReader } from '../slot/slot-reader.ts';
import type { Family } from './family.ts';
import { SeriesTable } from './series-table.ts';
import { SlotSeries } from './slot-series.ts';

/** The state of the directory at one merge. */
export interface DirectoryStatus {
  /** Number of slots that a living process holds. */
  readonly live: number;
  readonly slots: readonly SlotStatus[];
  /** Number of replaced files of which only the sum of their last good values is kept. */
  readonly compacted: number;
  /** Longest time in seconds since a living process refreshed its slot. */
  readonly heartbeatAge: number;
  /** Duration of the merge in seconds. */
  readonly seconds: number;
}

/** State of one slot, as `Reader.slots()` returns it. */
export interface SlotStatus {
  readonly slot: number;
  /** Whether a living process holds the slot. */
  readonly live: boolean;
  /** Process id of the living holder in its own pid namespace. */
  readonly pid: number | undefined;
  /** Why the slot file cannot be read, so that the totals keep its last good values; undefined if it is readable. */
  readonly error: string | undefined;
  /** Unix time in seconds at which the holder took the slot. 0 if unknown. Wrong if the machine was rebooted since. */
  readonly started: number;
  /** Unix time in seconds of the last heartbeat. 0 if unknown. Wrong if the machine was rebooted since. */
  readonly heartbeat: number;
  /** Series refused for lack of room since the file was created. */
  readonly refused: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Number of series, including removed ones. */
  readonly series: number;
}

/** Maximum number of replaced files whose values are kept separately. The values of older ones are summed. */
export const MAX_REPLACED = 16;

/** Number of series after which V8 has compiled the code that reads them. */
export const FEW_SERIES = 5000;

/** Errors of the reading process, not of the file. The refresh fails, because totals without the slot would be too low. */
const OUT_OF_RESOURCES: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

interface SlotView {
  readonly reader: SlotReader;
  readonly series: SlotSeries;
  error: string | undefined;
}

/**
 * Merges the slot files of a directory to the metrics of the application: FORMAT.md#merging. Never waits for a process and never
 * changes the directory. Keeps the last good values of a slot file that cannot be trusted.
 */
export class DirectoryReader {
  /** The state at the last refresh. */
  status: DirectoryStatus = { live: 0, slots: [], compacted: 0, heartbeatAge: 0, seconds: 0 };

  readonly #libc: Libc;
  readonly #directory: string;
  readonly #onUnreadable: (path: string, error: Error) => void;
  readonly #onlySlot: number | undefined;
  readonly #slots = new Map<number, SlotView>();
  /** Replaced files, oldest first. Their last good values count in addition to `#slots`. */
  readonly #replaced: SlotView[] = [];
  #table: SeriesTable;
  #compacted = 0;

  /**
   * `onUnreadable` is called once for each file that becomes unreadable. `onlySlot` reads one slot alone, with gauges not
   * aggregated and summaries with quantiles.
   */
  constructor(
    libc: Libc,
    directory: string,
    onUnreadable: (path: string, error: Error) => void,
    onlySlot?: number,
  ) {
    this.#libc = libc;
    this.#onlySlot = onlySlot;
    this.#directory = directory;
    this.#onUnreadable = onUnreadable;
    this.#table = new SeriesTable(onlySlot !== undefined);
  }

  /** The families by `familyKey`, with their totals at the last refresh. */
  get families(): ReadonlyMap<string, Family> {
    return this.#table.families;
  }

  /** Number of series that were read. */
  get seriesCount(): number {
    return this.#table.length;
  }

  /**
   * Reads new records and all values, and merges them.
   * @throws Error if the directory cannot be read, or if this process lacks file descriptors or memory.
   */
  refresh(): DirectoryStatus {
    const began = performance.now();
    const uid = this.#findSlots();
    for (const view of this.#inOrder()) this.#refreshSlot(view, uid);
    for (const { reader } of this.#replaced) reader.keepValues();
    this.#compact();
    const views = this.#views().sort(bySlot);
    this.#table.clearTotals();
    // Always in slot order: another order of the same values may round to a lower total.
    const { totals } = this.#table;
    for (const { reader, series } of views) {
      series.addTo(totals, reader.slot, reader.values, reader.live);
      series.addExemplars(reader.exemplars.all);
    }
    const living = views.filter(({ reader }) => reader.live);
    const now = bootTime();
    this.status = {
      live: living.length,
      slots: views.map(slotStatus),
      compacted: this.#compacted,
      heartbeatAge: living.reduce((age, { reader }) => Math.max(age, now - reader.status.heartbeat), 0),
      seconds: (performance.now() - began) / 1000,
    };
    return this.status;
  }

  /**
   * Reads new records before the next `refresh()`, one slot for each step. Reads a log only when it has stopped growing. Read as a
   * whole, its beginning need not be decoded again if another slot's log begins the same. Exception: while fewer than `FEW_SERIES`
   * series are known, the first growing log is read, too. Ignores errors: `refresh()` finds and reports them.
   */
  *readAhead(): Generator<void> {
    for (const view of this.#findGrown()) {
      // The directory may have been cleared or a file replaced between two steps.
      if (this.#slots.get(view.reader.slot) !== view) continue;
      try {
        view.reader.readAhead(this.#readers());
      } catch {}
      yield;
    }
  }

  close(): void {
    for (const { reader } of this.#views()) reader.close();
    this.#slots.clear();
    this.#replaced.length = 0;
  }

  /** Finds new slot files. @returns the user id that all files must have. */
  #findSlots(): number {
    const { uid } = statDirectory(this.#directory);
    if (this.#wasCleared()) this.#reset();
    for (const name of readdirSync(this.#directory)) {
      const slot = slotOfFileName(name);
      if (slot === undefined || this.#slots.has(slot)) continue;
      if (this.#onlySlot === undefined || this.#onlySlot === slot) this.#addSlot(slot, uid);
    }
    return uid;
  }

  #findGrown(): SlotView[] {
    try {
      this.#findSlots();
    } catch {
      return [];
    }
    let growing = this.#table.length < FEW_SERIES;
    return this.#inOrder().filter(({ reader, error }) => {
      if (error !== undefined || !hasNewRecords(reader, growing)) return false;
      growing = false;
      return true;
    });
  }

  #inOrder(): SlotView[] {
    return [...this.#slots.values()].sort(bySlot);
  }

  #readers(): SlotReader[] {
    return [...this.#slots.values()].map(({ reader }) => reader);
  }

  #views(): SlotView[] {
    return [...this.#replaced, ...this.#slots.values()];
  }

  /** Whether the directory was cleared: all files that were read are removed and unlocked. A single removed file is damage. */
  #wasCleared(): boolean {
    return this.#slots.size > 0 && this.#views().every(({ reader }) => reader.isCleared());
  }

  #reset(): void {
    this.close();
    this.#table = new SeriesTable(this.#onlySlot !== undefined);
    this.#compacted = 0;
  }

  /** Bounds the cost of replaced files: sums the values of the oldest and closes them. This may change the rounding of totals. */
  #compact(): void {
    while (this.#replaced.length > MAX_REPLACED) {
      const { reader, series } = this.#replaced.shift()!;
      series.addTo(this.#table.baseTotals, reader.slot, reader.values, false);
      reader.close();
      this.#compacted++;
    }
  }

  #refreshSlot(view: SlotView, owner: number): void {
    try {
      view.reader.refresh(this.#readers());
      view.error = undefined;
    } catch (error) {
      if (OUT_OF_RESOURCES.has((error as NodeJS.ErrnoException).code)) throw error;
      const { message } = error as Error;
      if (view.error === undefined) this.#onUnreadable(view.reader.path, error as Error);
      view.error = message;
      if (!(error instanceof FileReplacedError)) return;
      this.#replaced.push(view);
      this.#refreshSlot(this.#addSlot(view.reader.slot, owner), owner);
    }
  }

  #addSlot(slot: number, owner: number): SlotView {
    const path = join(this.#directory, slotFileName(slot));
    const series = new SlotSeries(this.#table);
    const view = {
      reader: new SlotReader(this.#libc, slot, path, owner, series),
      series,
      error: undefined,
    };
    this.#slots.set(slot, view);
    return view;
  }
}

function slotStatus({ reader, error }: SlotView): SlotStatus {
  const { slot, live, status } = reader;
  const offset = unixTimeOfBoot();
  const unixTime = (time: number) => (time > 0 ? time + offset : 0);
  const { started, heartbeat } = status;
  return {
    ...status,
    slot,
    live,
    error,
    started: unixTime(started),
    heartbeat: unixTime(heartbeat),
    pid: live ? status.pid : undefined,
  };
}

function hasNewRecords(reader: SlotReader, growing: boolean): boolean {
  try {
    return reader.hasNewRecords(growing);
  } catch {
    return false;
  }
}

function bySlot(a: SlotView, b: SlotView): number {
  return a.reader.slot - b.reader.slot;
}
