import type { FaultWindow, FaultWindows } from './windows.ts';

/** What the application's log says of a worker that ended. */
export interface WorkerExit {
  readonly pid: number;
  readonly at: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly reason: string | undefined;
}

/** Ends that are no deaths: the primary wanted them, for a reload, fewer workers, or because a worker could not share. */
const ORDERLY = new Set(['reload', 'scale', 'recycle', 'stop', 'unshared']);

/** Undefined for any other line of the application's log. */
export function parseExit(line: string): WorkerExit | undefined {
  if (!line.startsWith('{') || !line.includes('"workerPid"')) return undefined;
  const { time, workerPid, code, signal, reason } = JSON.parse(line) as Record<string, unknown>;
  if (code === undefined || signal === undefined) return undefined;
  return {
    pid: Number(workerPid),
    at: Date.parse(String(time)),
    code: code as number | null,
    signal: signal as string | null,
    reason: reason as string | undefined,
  };
}

export interface ExpectedDeath {
  readonly window: FaultWindow;
  /** Undefined where the fault takes whichever worker gets it. */
  readonly pid: number | undefined;
}

/** Holds each worker that ended against the faults that should have ended one. */
export class Deaths {
  /** Ends that no fault explains. */
  readonly unexpected: string[] = [];
  readonly #windows: FaultWindows;
  readonly #pending = new Set<ExpectedDeath>();
  readonly #victims = new Set<number>();

  constructor(windows: FaultWindows) {
    this.#windows = windows;
  }

  /** How many are still to come, but for one that need not. */
  pendingBut(optional?: ExpectedDeath): number {
    return this.#pending.size - (optional && this.#pending.has(optional) ? 1 : 0);
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
  }

  take(exit: WorkerExit): void {
    const orderly = (exit.code === 0 && exit.signal === null) || ORDERLY.has(exit.reason ?? '');
    const death =
      [...this.#pending].find(({ pid }) => pid === exit.pid) ??
      (orderly || this.#victims.has(exit.pid) || exit.signal === 'SIGTERM'
        ? undefined
        : [...this.#pending].find(({ pid }) => pid === undefined));
    if (death !== undefined) {
      this.#pending.delete(death);
      this.#victims.add(exit.pid);
      death.window.to = exit.at;
      return;
    }
    // A worker that is sent away before it listens for messages is ended by SIGTERM.
    if (orderly || exit.signal === 'SIGTERM' || this.#victims.has(exit.pid)) return;
    this.unexpected.push(`${new Date(exit.at).toISOString()} ${JSON.stringify(exit)}`);
  }

  /** The primary was killed, and all its workers with it: nobody is left who would tell of them. */
  endOfLife(pids: readonly number[]): void {
    for (const death of [...this.#pending]) this.cancel(death);
    for (const pid of pids) this.#victims.add(pid);
  }
}
