import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

const MOUNT = '/sys/fs/cgroup';

/**
 * Lists the files that may contain the count, the most specific first. `cgroups` is the content of /proc/self/cgroup
 * (https://man7.org/linux/man-pages/man7/cgroups.7.html). Its paths exist on a host, such as the one of a systemd unit. In a container
 * the mount may be the group itself.
 */
export function oomKillFiles(cgroups: string): string[] {
  const pathOf = (line: RegExp) => line.exec(cgroups)?.[1] ?? '/';
  const inVersion2 = [pathOf(/^0::(\/.*)$/m), '/'].map((path) => join(MOUNT, path, 'memory.events'));
  const inVersion1 = [pathOf(/^\d+:(?:.*,)?memory(?:,.*)?:(\/.*)$/m), '/'].map((path) =>
    join(MOUNT, 'memory', path, 'memory.oom_control'),
  );
  return [...new Set([...inVersion2, ...inVersion1])];
}

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
  for (const file of oomKillFiles(contentOf('/proc/self/cgroup'))) {
    const found = /^oom_kill (\d+)$/m.exec(contentOf(file));
    if (found) return Number(found[1]);
  }
  return 0;
}

/** Returns an empty string if the file does not exist or may not be read. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code!)) throw error;
    return '';
  }
}
