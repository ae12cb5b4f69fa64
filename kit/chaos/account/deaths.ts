import type { FaultWindow, FaultWindows } from '../observe/windows.ts';

/** What the application's log says of a worker that ended. */
export interface WorkerExit {
  readonly pid: number;
  /** When it was told, which is later than its end where its last words were waited for. */
  readonly at: number;
  readonly endedAt: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly reason: string | undefined;
}

/** The primary kills a worker that does not answer it: so soon before it says so, at most. */
const KILLED_WITHIN_MS = 1_000;

/** Undefined for any other line of the application's log. */
export function parseExit(line: string): WorkerExit | undefined {
  if (!line.startsWith('{') || !line.includes('"worker_pid"')) return undefined;
  const {
    time,
    worker_pid,
    code,
    signal,
    reason,
    ended_at = time,
  } = JSON.parse(line) as Record<string, unknown>;
  if (code === undefined || signal === undefined) return undefined;
  return {
    pid: Number(worker_pid),
    at: Date.parse(String(time)),
    endedAt: Date.parse(String(ended_at)),
    code: code as number | null,
    signal: signal as string | null,
    reason: reason as string | undefined,
  };
}

export interface ExpectedDeath {
  readonly window: FaultWindow;
  /** Undefined as long as it is not known which worker the fault has met. */
  pid: number | undefined;
}

/** Holds each worker that ended against the faults that should have ended one. */
export class Deaths {
  /** Ends that no fault explains. */
  readonly unexpected: string[] = [];
  readonly #windows: FaultWindows;
  readonly #pending = new Set<ExpectedDeath>();
  readonly #victims = new Set<number>();
  /** Victims that have died. */
  readonly #gone = new Set<number>();
  readonly #stuck = new Map<number, string>();
  /** Ends that were told while it was not known yet whom a fault had met. */
  readonly #early = new Map<number, WorkerExit>();

  constructor(windows: FaultWindows) {
    this.#windows = windows;
  }

  /** How many are still to come, but for one that need not. */
  pendingBut(optional?: ExpectedDeath): number {
    return this.#pending.size - (optional && this.#pending.has(optional) ? 1 : 0);
  }

  /** Faults that are about to end a worker, nobody knows yet which. */
  get unnamed(): number {
    return [...this.#pending].filter(({ pid }) => pid === undefined).length;
  }

  isVictim(pid: number): boolean {
    return this.#victims.has(pid);
  }

  expect(what: string, pid?: number): ExpectedDeath {
    const death = { window: this.#windows.open('death', what, Date.now()), pid };
    this.#pending.add(death);
    if (pid !== undefined) this.#victims.add(pid);
    return death;
  }

  /** Whether it has come: the worker is gone. */
  hasCome(death: ExpectedDeath): boolean {
    return !this.#pending.has(death);
  }

  /** It will not come: the fault missed. */
  cancel(death: ExpectedDeath): void {
    if (this.#pending.delete(death)) death.window.to = Date.now();
    this.#judgeEarly();
  }

  /** Says which worker it is that will die. False where that one has died of another fault already. */
  name(death: ExpectedDeath, pid: number): boolean {
    if (this.#gone.has(pid) || !this.#pending.has(death)) {
      this.cancel(death);
      return false;
    }
    death.pid = pid;
    this.#victims.add(pid);
    const early = this.#early.get(pid);
    this.#early.delete(pid);
    if (early !== undefined) this.take(early);
    this.#judgeEarly();
    return true;
  }

  /** A worker that stands still for long is killed by the primary: that is in order. */
  mayBeStuck(pid: number, what: string): void {
    this.#stuck.set(pid, what);
  }

  take(exit: WorkerExit): void {
    const deaths = [...this.#pending].filter(({ pid }) => pid === exit.pid);
    for (const death of deaths) {
      this.#pending.delete(death);
      death.window.to = exit.at;
    }
    if (deaths.length > 0) {
      this.#gone.add(exit.pid);
      return;
    }
    if (isOrderly(exit) || this.#victims.has(exit.pid)) return;
    const stuck = exit.reason === 'stuck' ? this.#stuck.get(exit.pid) : undefined;
    if (stuck !== undefined) {
      this.#windows.open('death', stuck, exit.at - KILLED_WITHIN_MS).to = exit.at;
    } else if (this.unnamed > 0) {
      this.#early.set(exit.pid, exit);
    } else {
      this.unexpected.push(describe(exit));
    }
  }

  /** The primary was killed, and all its workers with it: nobody is left who would tell of them. */
  endOfLife(pids: readonly number[]): void {
    for (const death of [...this.#pending]) this.cancel(death);
    for (const pid of pids) this.#victims.add(pid);
  }

  /** Once nobody waits to be named, an end that nobody took is one without a fault. */
  #judgeEarly(): void {
    if (this.unnamed > 0) return;
    for (const exit of this.#early.values()) this.unexpected.push(describe(exit));
    this.#early.clear();
  }
}

/** The primary wanted it, for a reload, fewer workers, or because a worker could not share. */
function isOrderly({ code, signal, reason }: WorkerExit): boolean {
  // A worker that is sent away before it listens for messages is ended by SIGTERM.
  return (code === 0 && signal === null) || signal === 'SIGTERM' || reason === 'cannot-share';
}

function describe(exit: WorkerExit): string {
  return `${new Date(exit.at).toISOString()} ${JSON.stringify(exit)}`;
}
