import { readFileSync } from 'node:fs';
import { until } from '../../../prom-multiproc/test/support/poll.ts';

/** Returns whether the process has exited and its parent has not read the exit code yet. */
function isZombie(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

function hasEnded(pid: number): boolean {
  try {
    return isZombie(pid);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return true;
    throw error;
  }
}

/** Waits until these processes have ended. */
export async function exited(pids: number[]): Promise<void> {
  for (const pid of pids) await until(`the end of process ${pid}`, () => hasEnded(pid));
}
