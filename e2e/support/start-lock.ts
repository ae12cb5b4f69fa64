import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One for each user, because fs.protected_regular forbids to open the file of another one: proc_sys_fs(5). */
const LOCK = join(tmpdir(), `pandoras-e2e-start-${process.getuid?.()}.lock`);

/** Runs `start` while no other test of this user starts a stack: two might choose the same ports, and one would then end. */
export async function startAlone<T>(start: () => Promise<T>): Promise<T> {
  // The lock is held until the standard input of cat ends, also if this process is killed.
  const lock = spawn('flock', [LOCK, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(lock.stdout, 'data');
    return await start();
  } finally {
    lock.stdin.end();
  }
}
