import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Counters of a set of processes. */
export interface Consumption {
  /** Processor time since their start, of children that have exited too, in microseconds. */
  readonly cpuMicroseconds: number;
  /** Without pages of files, such as programs, which the kernel can drop. A page that several processes share counts once in all. */
  readonly memoryBytes: number;
}

const TICK_MICROSECONDS = 1_000_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
/** Fields utime, stime, cutime and cstime of proc_pid_stat(5), counted after the command. */
const TIMES = [11, 12, 13, 14];

/** Adds up processes of this machine; one that has exited counts as nothing. Needs root for processes of other users. */
export function consumptionOf(pids: readonly number[]): Consumption {
  let [ticks, kilobytes] = [0, 0];
  for (const pid of pids) {
    const stat = read(pid, 'stat');
    if (stat === undefined) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    for (const field of TIMES) ticks += Number(fields[field]);
    for (const [, size] of (read(pid, 'smaps_rollup') ?? '').matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+)/gm))
      kilobytes += Number(size);
  }
  return { cpuMicroseconds: ticks * TICK_MICROSECONDS, memoryBytes: kilobytes * 1024 };
}

/** Pids of a process and all its descendants. */
export function treeOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(Number(name), 'stat') : undefined;
    if (stat !== undefined)
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}
