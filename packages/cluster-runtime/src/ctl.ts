import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { readSettings } from './core/settings.ts';
import type { Status } from './core/status.ts';

/**
 * `ctl.ts reload` and `ctl.ts scale N`: run beside the primary (same machine or container, same environment), they
 * send it its signals and wait until all is done. Exit status 1 with the reason where it failed.
 */

const POLL_MS = 100;
/** Ends the waiting when nothing at all has happened for so long: longer than any start or drain may take. */
const SILENCE_MS = 60_000;
const ANSWER_TIMEOUT_MS = 20_000;

const USAGE = 'usage: ctl.ts reload | ctl.ts scale N   (N: workers, at least 1)';
const { metricsPort } = readSettings();

async function statusNow(): Promise<Status> {
  const url = `http://127.0.0.1:${metricsPort}/status`;
  try {
    // On a connection of its own: one kept alive may have been closed meanwhile, where the machine stood still for seconds.
    const headers = { connection: 'close' };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return (await response.json()) as Status;
  } catch (error) {
    throw new Error(`the primary does not answer at ${url}: is the application running?`, { cause: error });
  }
}

/** Waits until the status is as wanted, as long as anything goes on in it. */
async function until(before: Status, wanted: (status: Status) => boolean): Promise<Status> {
  let seen = '';
  let lastChange = performance.now();
  for (;;) {
    const status = await statusNow();
    if (status.primary.pid !== before.primary.pid) throw new Error('the primary was restarted meanwhile');
    if (wanted(status)) return status;
    const now = JSON.stringify(status);
    if (now !== seen) lastChange = performance.now();
    seen = now;
    if (performance.now() - lastChange > SILENCE_MS)
      throw new Error(`nothing goes on any more; it is ${now}`);
    await delay(POLL_MS);
  }
}

async function reload(): Promise<void> {
  const before = await statusNow();
  process.kill(before.primary.pid, 'SIGHUP');
  // One that was running already may have begun before the new code was there: it is the next one that counts.
  const after = await until(before, ({ reload }) => reload.ended > before.reload.begun);
  if (after.reload.error !== '') throw new Error(`reload failed: ${after.reload.error}`);
  // Another reload may have begun already, and have one more.
  console.log(`reloaded: ${after.workersDesired} workers`);
}

/**
 * Two that scale to different numbers would undo each other's steps for ever. The lock is an abstract socket: it goes with
 * this process, whatever ends it.
 */
async function scaleAlone(): Promise<void> {
  const lock = createServer().listen(`\0pandoras-express-scale-${metricsPort}`).unref();
  await once(lock, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error('another scale is going on: try again when it has ended');
  });
}

async function scale(wanted: number): Promise<void> {
  await scaleAlone();
  const before = await statusNow();
  let now = before;
  // One signal at a time: those of a kind that are pending together arrive as one.
  while (now.workersDesired !== wanted) {
    const { workersDesired, scale: step } = now;
    const by = wanted > workersDesired ? 1 : -1;
    process.kill(before.primary.pid, by > 0 ? 'SIGTTIN' : 'SIGTTOU');
    now = await until(before, ({ scale }) => scale.ended > step.ended);
    if (now.scale.error !== '')
      throw new Error(`stopped at ${now.workersDesired} workers: ${now.scale.error}`);
    if (now.workersDesired !== workersDesired + by)
      throw new Error(`stopped at ${now.workersDesired} workers: somebody else adds or removes some, too`);
  }
  console.log(`scaled: ${before.workersDesired} -> ${wanted} workers`);
}

async function main([command, count, ...rest]: string[]): Promise<void> {
  if (command === 'reload' && count === undefined) return reload();
  if (command === 'scale' && /^[1-9]\d{0,2}$/.test(count ?? '') && rest.length === 0)
    return scale(Number(count));
  throw new Error(`not understood: ${JSON.stringify(process.argv.slice(2))}\n${USAGE}`);
}

/** The innermost cause says most: that of a failed fetch is "fetch failed". */
function causeOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return '';
  return causeOf(cause) || ` (${cause.message})`;
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`error: ${error.message}${causeOf(error)}`);
  process.exitCode = 1;
});
