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

/** What one merge found, beside the families. */
export interface DirectoryStatus {
  /** Slots held by a living process. */
  readonly live: number;
  readonly slots: readonly SlotStatus[];
  /** Replaced files, held at their last good values, of which no more than those is known. */
  readonly retired: number;
  /** Seconds since the oldest heartbeat of a living process. */
  readonly heartbeatAge: number;
  /** Duration of the merge. */
  readonly seconds: number;
}

/** State of one slot, as `Reader.slots()` returns it. */
export interface SlotStatus {
  readonly slot: number;
  /** Whether a living process holds the slot. */
  readonly live: boolean;
  /** Process id of the living holder in its own pid namespace. */
  readonly pid: number | undefined;
  /** Why the slot is held at its last good values; undefined if it is readable. */
  readonly error: string | undefined;
  /** Unix time in seconds at which the holder took the slot; 0 if unknown, wrong after a reboot. */
  readonly started: number;
  /** Unix time in seconds of the last heartbeat; 0 if unknown, wrong after a reboot. */
  readonly heartbeat: number;
  /** Series refused for lack of room since the file was created. */
  readonly refused: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Number of series, including removed ones. */
  readonly series: number;
}

/** Most replaced files that are held one by one; of more, the oldest are added up into one. */
export const MAX_REPLACED = 16;

/** So many are to be read until the code that reads them is compiled. */
export const FEW_SERIES = 5000;

/** What a reader itself has run out of: the file is sound, and totals without it would be lower than those of others. */
const LACKS: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

interface SlotView {
  readonly reader: SlotReader;
  readonly series: SlotSeries;
  error: string | undefined;
}

/**
 * The whole application's metrics, read from the slot files of a directory. Reading waits for nobody and changes
 * nothing. A slot file that cannot be trusted is left out of new reading and held at its last good values.
 */
export class DirectoryReader {
  /** What the last merge found. */
  status: DirectoryStatus = { live: 0, slots: [], retired: 0, heartbeatAge: 0, seconds: 0 };

  readonly #libc: Libc;
  readonly #directory: string;
  readonly #onUnreadable: (path: string, error: Error) => void;
  readonly #onlySlot: number | undefined;
  readonly #slots = new Map<number, SlotView>();
  /** Files that others have replaced: held at their last good values beside those. */
  readonly #replaced: SlotView[] = [];
  #table: SeriesTable;
  #retired = 0;

  /** `onlySlot` reads that one slot as its process shows itself: gauges unaggregated, summaries with quantiles. */
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

  /** By `familyKey`, with their totals as of the last refresh. */
  get families(): ReadonlyMap<string, Family> {
    return this.#table.families;
  }

  /**
   * Reads what is new and adds everything up.
   * @throws Error where the directory itself cannot be read, or this process has no descriptor or memory left to read with.
   */
  refresh(): DirectoryStatus {
    const began = performance.now();
    const uid = this.#findSlots();
    for (const view of this.#inOrder()) this.#refreshSlot(view, uid);
    for (const { reader } of this.#replaced) reader.hold();
    this.#retire();
    const views = this.#views().sort(bySlot);
    this.#table.clearTotals();
    // Always in slot order: another order of the same cells can lower a total by rounding.
    const { totals } = this.#table;
    for (const { reader, series } of views) series.addTo(totals, reader.slot, reader.values, reader.live);
    const living = views.filter(({ reader }) => reader.live);
    const now = bootTime();
    this.status = {
      live: living.length,
      slots: views.map(slotStatus),
      retired: this.#retired,
      heartbeatAge: living.reduce((age, { reader }) => Math.max(age, now - reader.status.heartbeat), 0),
      seconds: (performance.now() - began) / 1000,
    };
    return this.status;
  }

  /**
   * Reads names that are new in slots whose log has stood still since the last call, one slot a step, so that the next
   * `refresh` need not: a log that was read in parts cannot be compared with others as a whole. Until `FEW_SERIES` are known
   * the first slot is read as it grows. What fails is left to that, which meets it again and reports it.
   */
  *readAhead(): Generator<void> {
    for (const view of this.#findNews()) {
      // Between two steps the directory may have been cleared, or a file replaced.
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

  /** The user id that all files must belong to. */
  #findSlots(): number {
    const { uid } = statDirectory(this.#directory);
    if (this.#wasCleared()) this.#forget();
    for (const name of readdirSync(this.#directory)) {
      const slot = slotOfFileName(name);
      if (slot === undefined || this.#slots.has(slot)) continue;
      if (this.#onlySlot === undefined || this.#onlySlot === slot) this.#addSlot(slot, uid);
    }
    return uid;
  }

  #findNews(): SlotView[] {
    try {
      this.#findSlots();
    } catch {
      return [];
    }
    let growing = this.#table.length < FEW_SERIES;
    return this.#inOrder().filter(({ reader, error }) => {
      if (error !== undefined || !hasNews(reader, growing)) return false;
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

  /** The directory is cleared while no process holds a slot, and as a whole; one file alone is damage. */
  #wasCleared(): boolean {
    return this.#slots.size > 0 && this.#views().every(({ reader }) => reader.isGone());
  }

  #forget(): void {
    this.close();
    this.#table = new SeriesTable(this.#onlySlot !== undefined);
    this.#retired = 0;
  }

  /** Bounds what replaced files cost. Other slots than theirs may have been added up before: sums may be rounded anew. */
  #retire(): void {
    while (this.#replaced.length > MAX_REPLACED) {
      const { reader, series } = this.#replaced.shift()!;
      series.addTo(this.#table.retired, reader.slot, reader.values, false);
      reader.close();
      this.#retired++;
    }
  }

  #refreshSlot(view: SlotView, owner: number): void {
    try {
      view.reader.refresh(this.#readers());
      view.error = undefined;
    } catch (error) {
      if (LACKS.has((error as NodeJS.ErrnoException).code)) throw error;
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

function hasNews(reader: SlotReader, growing: boolean): boolean {
  try {
    return reader.hasNews(growing);
  } catch {
    return false;
  }
}

function bySlot(a: SlotView, b: SlotView): number {
  return a.reader.slot - b.reader.slot;
}
