import { setTimeout as pause } from 'node:timers/promises';

const DEADLINE_MS = 60_000;
const POLL_MS = 10;

/** Asks again and again until the answer is neither undefined nor false. @throws Error after the deadline. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await pause(POLL_MS);
  }
}
