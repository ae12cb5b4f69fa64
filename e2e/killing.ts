import { pick } from './random.ts';
import type { Stack } from './stack.ts';

export interface Killing {
  /** Pids killed so far, in order. */
  readonly killed: number[];
  stop(): Promise<number[]>;
}

/** Kills a random ready worker every `everyMs`. It may be any of them, the one that was just born included. */
export function startKilling(stack: Stack, everyMs: number, random: () => number): Killing {
  const killed: number[] = [];
  let stopped = false;
  let wake: (() => void) | undefined;

  const loop = (async () => {
    while (!stopped) {
      const began = Date.now();
      const { workers } = await stack.status();
      // The primary may not have noticed the last death yet.
      const victim = pick(
        workers.filter(({ pid, state }) => state === 'ready' && !killed.includes(pid)),
        random,
      );
      if (victim) {
        await stack.signal('KILL', victim.pid);
        killed.push(victim.pid);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (stopped) resolve();
        setTimeout(resolve, Math.max(0, began + everyMs - Date.now()));
      });
    }
  })();
  // A failure is reported by stop(); it must not end the process before.
  loop.catch(() => undefined);
  return {
    killed,
    async stop() {
      stopped = true;
      wake?.();
      await loop;
      return killed;
    },
  };
}
