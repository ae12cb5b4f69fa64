import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import type { Random } from '../../packages/prom-multiproc/test/support/random.ts';
import type { Stack } from './stack.ts';

export interface Killing {
  /** Pids killed so far, in order. */
  readonly killed: readonly number[];
  /** True once it could not go on. */
  readonly failed: () => boolean;
  /** Ends the killing; rejects with what went wrong in it. */
  stop(): Promise<void>;
}

/** At least so many ready workers, so that there is an application to count for: starting takes long on a busy machine. */
const LEAST_READY = 2;
const READY_DEADLINE_MS = 60_000;

/** Kills a random ready worker every `everyMs`, or as soon after as there are enough of them again. */
export function startKilling(stack: Stack, everyMs: number, random: Random): Killing {
  const killed: number[] = [];
  let stopped = false;
  let failed = false;

  const candidates = async (): Promise<number[] | undefined> => {
    if (stopped) return [];
    const { workers } = await stack.status();
    // The primary may not have noticed the last death yet.
    const ready = workers.filter(({ pid, state }) => state === 'ready' && !killed.includes(pid));
    return ready.length >= LEAST_READY ? ready.map(({ pid }) => pid) : undefined;
  };

  const loop = (async () => {
    while (!stopped) {
      const next = Date.now() + everyMs;
      const ready = await poll('ready workers', candidates, { deadlineMs: READY_DEADLINE_MS });
      if (ready.length > 0) {
        const victim = random.pick(ready);
        await stack.signal('KILL', victim);
        killed.push(victim);
      }
      await poll('the next kill', () => (stopped || Date.now() >= next ? true : undefined), {
        deadlineMs: everyMs * 2,
        everyMs: 20,
      });
    }
  })();
  // A failure is reported by stop(); it must not end the process before.
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
