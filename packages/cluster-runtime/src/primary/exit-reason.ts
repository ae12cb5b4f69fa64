import { readFileSync } from 'node:fs';
import type { Member } from './worker-process.ts';

/** Exit code of a worker that ended itself after an uncaught exception. Node's own for it, 1, has other uses too. */
export const UNCAUGHT_EXIT_CODE = 70;

/**
 * Why a worker ended, as far as it can be known: `oom` where V8 said that its heap was full, or where the kernel has
 * counted an out-of-memory kill since; any other SIGKILL from outside is only a SIGKILL.
 */
export function exitReason(
  member: Pick<Member, 'retired' | 'killed'>,
  code: number | null,
  signal: string | null,
  heapWasFull: boolean,
  kernelKilled: () => boolean,
): string {
  if (member.killed !== undefined) return member.killed;
  if (signal !== null && heapWasFull) return 'oom';
  if (signal === 'SIGKILL' && kernelKilled()) return 'oom';
  // How one is sent away that does not listen for messages yet.
  if (signal === 'SIGTERM' && member.retired !== undefined) return member.retired;
  if (signal !== null) return signal;
  if (code === null) return 'not-started';
  if (code === UNCAUGHT_EXIT_CODE) return 'uncaught';
  return (code === 0 && member.retired) || 'exit';
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

  /** Whether there was one that nobody has taken yet. */
  take(): boolean {
    if (this.#read() <= this.#seen) return false;
    this.#seen += 1;
    return true;
  }
}

/** 0 where the kernel does not tell. */
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
