import type { FaultWindow, FaultWindows } from '../observe/windows.ts';

/** Exit of a worker, from the log of the app. */
export interface WorkerExit {
  readonly pid: number;
  /** Time of the log line. It is later than `endedAt` if the primary waited for the stderr tail. */
  readonly at: number;
  readonly endedAt: number;
  readonly code: number | null;
  readonly signal: string | null;
  readonly reason: string | undefined;
}

/** Longest time between the primary's SIGKILL to a stuck worker and its log line. */
const KILLED_WITHIN_MS = 1_000;

/** Exit that a line of the app's log reports; undefined for any other line. */
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

export interface ExpectedExit {
  readonly window: FaultWindow;
  /** Undefined until the worker that the fault hit is known. */
  pid: number | undefined;
}

/** Matches exits of workers with the faults that caused them. */
export class WorkerExits {
  /** Exits without a fault. */
  readonly unexpected: string[] = [];
  readonly #windows: FaultWindows;
  readonly #pending = new Set<ExpectedExit>();
  readonly #victims = new Set<number>();
  /** Victims that have exited. */
  readonly #exited = new Set<number>();
  readonly #stuck = new Map<number, string>();
  /** Exits logged while the worker that a fault hit was not known. */
  readonly #early = new Map<number, WorkerExit>();

  constructor(windows: FaultWindows) {
    this.#windows = windows;
  }

  /** Number of exits still expected, without `optional`. */
  pendingExcept(optional?: ExpectedExit): number {
    return this.#pending.size - (optional && this.#pending.has(optional) ? 1 : 0);
  }

  /** Number of faults whose worker is not known yet. */
  get unidentified(): number {
    return [...this.#pending].filter(({ pid }) => pid === undefined).length;
  }

  isVictim(pid: number): boolean {
    return this.#victims.has(pid);
  }

  expect(what: string, pid?: number): ExpectedExit {
    const expected = { window: this.#windows.open('worker', what, Date.now()), pid };
    this.#pending.add(expected);
    if (pid !== undefined) this.#victims.add(pid);
    return expected;
  }

  /** True if the worker has exited. */
  hasExited(expected: ExpectedExit): boolean {
    return !this.#pending.has(expected);
  }

  /** Stops expecting the exit: the fault missed. */
  cancel(expected: ExpectedExit): void {
    if (this.#pending.delete(expected)) expected.window.to = Date.now();
    this.#judgeEarly();
  }

  /** Sets the worker that the fault hit. Returns false if another fault has ended it already. */
  identify(expected: ExpectedExit, pid: number): boolean {
    if (this.#exited.has(pid) || !this.#pending.has(expected)) {
      this.cancel(expected);
      return false;
    }
    expected.pid = pid;
    this.#victims.add(pid);
    const early = this.#early.get(pid);
    this.#early.delete(pid);
    if (early !== undefined) this.take(early);
    this.#judgeEarly();
    return true;
  }

  /** Allows the primary to kill this worker as stuck. */
  mayBeStuck(pid: number, what: string): void {
    this.#stuck.set(pid, what);
  }

  take(exit: WorkerExit): void {
    const exits = [...this.#pending].filter(({ pid }) => pid === exit.pid);
    for (const expected of exits) {
      this.#pending.delete(expected);
      expected.window.to = exit.at;
    }
    if (exits.length > 0) {
      this.#exited.add(exit.pid);
      return;
    }
    if (isOrderly(exit) || this.#victims.has(exit.pid)) return;
    const stuck = exit.reason === 'stuck' ? this.#stuck.get(exit.pid) : undefined;
    if (stuck !== undefined) {
      this.#windows.open('worker', stuck, exit.at - KILLED_WITHIN_MS).to = exit.at;
    } else if (this.unidentified > 0) {
      this.#early.set(exit.pid, exit);
    } else {
      this.unexpected.push(describe(exit));
    }
  }

  /** The primary was killed with all its workers, so no line reports their exits. */
  primaryKilled(pids: readonly number[]): void {
    for (const expected of [...this.#pending]) this.cancel(expected);
    for (const pid of pids) this.#victims.add(pid);
  }

  /** Once every fault has its worker, an early exit that matched none is unexpected. */
  #judgeEarly(): void {
    if (this.unidentified > 0) return;
    for (const exit of this.#early.values()) this.unexpected.push(describe(exit));
    this.#early.clear();
  }
}

/** True if the primary stopped the worker: reload, scale down, or the worker cannot share. */
function isOrderly({ code, signal, reason }: WorkerExit): boolean {
  // A worker stopped before it listens for messages gets SIGTERM.
  return (code === 0 && signal === null) || signal === 'SIGTERM' || reason === 'cannot-share';
}

function describe(exit: WorkerExit): string {
  return `${new Date(exit.at).toISOString()} ${JSON.stringify(exit)}`;
}
