import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Whether only its exit code is left of a process, for whoever adopted it to fetch. */
function isZombie(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

/** Waits until these processes have ended. */
export async function gone(pids: number[]): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (const pid of pids) {
    for (;;) {
      try {
        if (isZombie(pid)) break;
      } catch (error) {
        if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) break;
        throw error;
      }
      assert.ok(performance.now() < deadline, `process ${pid} is still there`);
      await delay(20);
    }
  }
}
