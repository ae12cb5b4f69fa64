import { readFileSync } from 'node:fs';
import { UNCAUGHT_EXIT_CODE } from '../core/exit-codes.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * Returns the exit reason of a worker. It is `oom` if V8 reported a full heap, or if the kernel has counted an out-of-memory kill.
 * Any other SIGKILL that the primary did not send is `SIGKILL`.
 */
export function exitReason(
  worker: Pick<WorkerProcess, 'drainReason' | 'killReason'>,
  code: number | null,
  signal: string | null,
  heapWasFull: boolean,
  kernelKilled: () => boolean,
): string {
  if (worker.killReason !== undefined) return worker.killReason;
  if (signal !== null && heapWasFull) return 'oom';
  if (signal === 'SIGKILL' && kernelKilled()) return 'oom';
  // The primary drains a starting worker by SIGTERM.
  if (signal === 'SIGTERM' && worker.drainReason !== undefined) return worker.drainReason;
  if (signal !== null) return signal;
  if (code === null) return 'not-started';
  if (code === UNCAUGHT_EXIT_CODE) return 'uncaught';
  return (code === 0 && worker.drainReason) || 'exit';
}

const FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'] as const;

/**
 * Counts the out-of-memory kills in the control group of this process, with cgroup v2 or v1.
 * See https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files.
 */
export class KernelOomKills {
  readonly #read: () => number;
  #seen: number;

  constructor(read: () => number = readOomKills) {
    this.#read = read;
    this.#seen = read();
  }

  /** Returns true once for each kill that the kernel has counted since this object was created. */
  take(): boolean {
    if (this.#read() <= this.#seen) return false;
    this.#seen += 1;
    return true;
  }
}

/** Returns 0 if the kernel does not report the count. */
function readOomKills(): number {
  for (const file of FILES) {
    try {
      const found = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'));
      if (found) return Number(found[1]);
    } catch (error) {
      if (!['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code!)) throw error;
    }
  }
  return 0;
}
