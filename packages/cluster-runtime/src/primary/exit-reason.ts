import { readFileSync } from 'node:fs';
import { UNCAUGHT_EXIT_CODE } from '../core/exit-codes.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * Why a worker exited, as far as it can be known: `oom` where V8 said that its heap was full, or where the kernel has
 * counted an out-of-memory kill since; any other SIGKILL from outside is only a SIGKILL.
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
  // A worker that does not listen for messages yet is drained by SIGTERM.
  if (signal === 'SIGTERM' && worker.drainReason !== undefined) return worker.drainReason;
  if (signal !== null) return signal;
  if (code === null) return 'not-started';
  if (code === UNCAUGHT_EXIT_CODE) return 'uncaught';
  return (code === 0 && worker.drainReason) || 'exit';
}

const FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'] as const;

/** Counts the out-of-memory kills of the control group that this process is in, by cgroup v2 or v1. */
export class KernelOomKills {
  readonly #read: () => number;
  #seen: number;

  constructor(read: () => number = readOomKills) {
    this.#read = read;
    this.#seen = read();
  }

  /** Takes one that was not taken yet; false where there is none. */
  take(): boolean {
    if (this.#read() <= this.#seen) return false;
    this.#seen += 1;
    return true;
  }
}

/** 0 where the kernel does not report it. */
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
