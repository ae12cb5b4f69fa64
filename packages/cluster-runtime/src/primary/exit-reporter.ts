import { setTimeout as delay } from 'node:timers/promises';
import { describeError, log } from '../core/log.ts';
import { exitReason, KernelOomKills } from './exit-reason.ts';
import { followStderr, type StderrTail } from './stderr-tail.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Longest wait for the end of stderr of an exited worker. */
const STDERR_MS = 1000;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Delay before the replacement starts; undefined if the worker is not replaced. */
  readonly delayMs: number | undefined;
}

/** Determines exit reasons, logs and counts them, and settles the promises of the worker. */
export class ExitReporter {
  readonly #onExit: (reason: string) => void;
  readonly #stderr = new WeakMap<WorkerProcess, StderrTail>();
  readonly #oomKills = new KernelOomKills();
  #pending = 0;

  constructor(onExit: (reason: string) => void) {
    this.#onExit = onExit;
  }

  /** Call it when the worker starts: stderr may contain the exit reason. */
  follow(worker: WorkerProcess): void {
    this.#stderr.set(worker, followStderr(worker.forked.process.stderr, process.stderr));
  }

  /** Number of exits that are not reported yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Waits for the exit reason, reports it, then rejects `ready` and resolves `exited` of the worker. */
  async report(worker: WorkerProcess, exit: Exit): Promise<void> {
    this.#pending += 1;
    const endedAt = new Date().toISOString();
    const reason = await this.#reasonOf(worker, exit);
    this.#onExit(reason);
    const { delayMs, code, signal } = exit;
    const fields = { worker: worker.id, worker_pid: worker.pid, code, signal, reason, ended_at: endedAt };
    if (delayMs === undefined) log('info', 'worker exited', fields);
    else log('warn', 'worker exited; replacing it', { ...fields, delay_ms: delayMs });
    worker.ready.reject(new Error(startFailure(worker, reason)));
    worker.exited.resolve();
    this.#pending -= 1;
  }

  async #reasonOf(worker: WorkerProcess, { code, signal }: Exit): Promise<string> {
    const stderr = this.#stderr.get(worker)!;
    if (signal !== null && signal !== 'SIGKILL') await Promise.race([stderr.end, delay(STDERR_MS)]);
    try {
      return exitReason(worker, code, signal, stderr.heapWasFull(), () => this.#oomKills.take());
    } catch (error) {
      log('error', 'cannot read the out-of-memory kill count of the kernel', describeError(error));
      return signal ?? 'exit';
    }
  }
}

function startFailure({ pid, cannotShare, notReady }: WorkerProcess, reason: string): string {
  let why = reason;
  if (notReady !== undefined) why = `${reason}: ${notReady}`;
  if (cannotShare !== undefined) why = `cannot share its metrics: ${cannotShare}`;
  return `the new worker ${pid} did not become ready (${why}); see its log lines`;
}
