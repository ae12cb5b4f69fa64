import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { readSettings } from './core/settings.ts';
import type { Status } from './core/status.ts';

/**
 * `ctl.ts reload` and `ctl.ts scale N` signal the primary and wait until the operation has finished. Run them on the machine or in
 * the container of the primary, with the same environment. On failure they print the reason and exit with 1.
 */

const POLL_MS = 100;
const ANSWER_TIMEOUT_MS = 20_000;

const USAGE = 'usage: ctl.ts reload | ctl.ts scale N   (N: workers, at least 1)';
const { metricsPort, startTimeoutMs, drainTimeoutMs } = readSettings();
/** This command fails when `/status` has not changed for this time, which is longer than any start or drain of a worker. */
const NO_PROGRESS_MS = 30_000 + Math.max(startTimeoutMs, drainTimeoutMs);

async function statusNow(): Promise<Status> {
  const url = `http://127.0.0.1:${metricsPort}/status`;
  try {
    // The primary may have closed a kept-alive connection while this process was suspended, so each request opens its own.
    const headers = { connection: 'close' };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return (await response.json()) as Status;
  } catch (error) {
    throw new Error(`the primary does not answer at ${url}: is the application running?`, { cause: error });
  }
}

/** Polls `/status` until `wanted` returns true. @throws if the primary restarts, or if the status stops changing */
async function until(before: Status, wanted: (status: Status) => boolean): Promise<Status> {
  let seen = '';
  let lastChange = performance.now();
  for (;;) {
    const status = await statusNow();
    if (status.primary.pid !== before.primary.pid)
      throw new Error('the primary was restarted during the operation');
    if (wanted(status)) return status;
    const now = JSON.stringify(status);
    if (now !== seen) lastChange = performance.now();
    seen = now;
    if (performance.now() - lastChange > NO_PROGRESS_MS)
      throw new Error(
        `no progress for ${NO_PROGRESS_MS / 1000} s; the primary continues: see its log. Its status is ${now}`,
      );
    await delay(POLL_MS);
  }
}

async function reload(): Promise<void> {
  const before = await statusNow();
  process.kill(before.primary.pid, 'SIGHUP');
  // A reload that is already running may have started with the old code, so this waits for the next one.
  const after = await until(before, ({ reload }) => reload.ended > before.reload.begun);
  if (after.reload.error !== '') throw new Error(`reload failed: ${after.reload.error}`);
  // `workersDesired`, because the next reload may already have added a worker.
  console.log(`reloaded: ${after.workersDesired} workers`);
}

/**
 * Takes the lock of `scale`: two processes that scale to different numbers would undo each other's steps forever. The lock is an
 * abstract socket (https://man7.org/linux/man-pages/man7/unix.7.html), which the kernel removes when this process exits.
 */
async function lockScaling(): Promise<void> {
  const lock = createServer().listen(`\0pandoras-express-scale-${metricsPort}`).unref();
  await once(lock, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error('another scale is running; try again when it has finished');
  });
}

async function scale(wanted: number): Promise<void> {
  await lockScaling();
  const before = await statusNow();
  let now = before;
  // One signal at a time: the kernel merges pending signals of the same number.
  while (now.workersDesired !== wanted) {
    const { workersDesired, scale: step } = now;
    const by = wanted > workersDesired ? 1 : -1;
    process.kill(before.primary.pid, by > 0 ? 'SIGTTIN' : 'SIGTTOU');
    now = await until(before, ({ scale }) => scale.ended > step.ended);
    if (now.scale.error !== '')
      throw new Error(`stopped at ${now.workersDesired} workers: ${now.scale.error}`);
    if (now.workersDesired !== workersDesired + by)
      throw new Error(
        `stopped at ${now.workersDesired} workers: another process also changes the number of workers`,
      );
  }
  console.log(`scaled: ${before.workersDesired} -> ${wanted} workers`);
}

async function main([command, count, ...rest]: string[]): Promise<void> {
  if (command === 'reload' && count === undefined) return reload();
  if (command === 'scale' && /^[1-9]\d{0,2}$/.test(count ?? '') && rest.length === 0)
    return scale(Number(count));
  throw new Error(`unknown command: ${JSON.stringify(process.argv.slice(2))}\n${USAGE}`);
}

/** Returns the message of the innermost cause in parentheses. A failed fetch itself has only the message "fetch failed". */
function causeOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return '';
  return causeOf(cause) || ` (${cause.message})`;
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`error: ${error.message}${causeOf(error)}`);
  process.exitCode = 1;
});
