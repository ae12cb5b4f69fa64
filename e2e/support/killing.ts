import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import type { Random } from '../../packages/prom-multiproc/test/support/random.ts';
import type { Stack } from './stack.ts';

export interface Killing {
  /** Pids of the killed workers, in order. */
  readonly killed: readonly number[];
  /** Returns true after a kill has failed. */
  readonly failed: () => boolean;
  /** Stops. Rejects if a kill has failed. */
  stop(): Promise<void>;
}

/** A worker is killed only if at least this number is ready, so that the application keeps serving. */
const LEAST_READY = 2;
const READY_DEADLINE_MS = 60_000;

/** Kills a random ready worker every `everyMs`, or later, when enough workers are ready again. */
export function startKilling(
  stack: Pick<Stack, 'status' | 'signal'>,
  everyMs: number,
  random: Random,
): Killing {
  const killed: number[] = [];
  let stopped = false;
  let failed = false;

  const candidates = async (): Promise<number[] | undefined> => {
    if (stopped) return [];
    const { workers } = await stack.status();
    // The primary may not know of the last kill yet.
    const ready = workers.filter(({ pid, state }) => state === 'ready' && !killed.includes(pid));
    return ready.length >= LEAST_READY ? ready.map(({ pid }) => pid) : undefined;
  };

  const loop = (async () => {
    while (!stopped) {
      const next = Date.now() + everyMs;
      const ready = await poll('ready workers', candidates, { deadlineMs: READY_DEADLINE_MS });
      if (ready.length > 0) {
        const pid = random.pick(ready);
        await stack.signal('KILL', pid);
        killed.push(pid);
      }
      await poll('the next kill', () => (stopped || Date.now() >= next ? true : undefined), {
        deadlineMs: everyMs * 2,
        everyMs: 20,
      });
    }
  })();
  // stop() reports a failure. Without this handler it would end the process earlier.
  loop.catch(() => {
    failed = true;
  });
  return {
    killed,
    failed: () => failed,
    async stop() {
      stopped = true;
      await loop;
    },
  };
}
