import { execFileSync } from 'node:child_process';
import { hostProcesses, readIfExists, statFields } from '../../../../e2e/support/host-processes.ts';

/** Counters of a set of processes. */
export interface Consumption {
  /** Processor time since their start, of children that have exited too, in microseconds. */
  readonly cpuMicroseconds: number;
  /** Without pages of files, such as programs, which the kernel can drop. A page that several processes share counts once in all. */
  readonly memoryBytes: number;
}

const TICK_MICROSECONDS = 1_000_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
/** utime, stime, cutime and cstime in statFields(). */
const TIMES = [11, 12, 13, 14];

/** Adds up processes of this machine; one that has exited counts as nothing. Needs root for processes of other users. */
export function consumptionOf(pids: readonly number[]): Consumption {
  let [ticks, kilobytes] = [0, 0];
  for (const pid of pids) {
    const fields = statFields(pid);
    if (fields === undefined) continue;
    for (const field of TIMES) ticks += Number(fields[field]);
    const memory = readIfExists(`/proc/${pid}/smaps_rollup`);
    for (const [, size] of memory.matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+)/gm)) kilobytes += Number(size);
  }
  return { cpuMicroseconds: ticks * TICK_MICROSECONDS, memoryBytes: kilobytes * 1024 };
}

/** Pids of a process and all its descendants. */
export function treeOf(root: number): number[] {
  const all = hostProcesses();
  const tree = [root];
  for (const pid of tree) tree.push(...all.filter(({ parent }) => parent === pid).map((child) => child.pid));
  return tree;
}
