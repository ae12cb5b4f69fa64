import { Session } from 'node:inspector/promises';
import type { Cleanup } from './temporary-directory.ts';

/**
 * Counts the JavaScript blocks that this process executes until the end of `owner`; in modules loaded earlier, only function calls.
 * Unlike time, these numbers do not depend on the machine and its load.
 * @returns a function that returns the number since its last call
 */
export async function countSteps(owner: Cleanup): Promise<() => Promise<number>> {
  const session = new Session();
  session.connect();
  owner.after(() => session.disconnect());
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    let steps = 0;
    for (const { functions, url } of result) {
      if (!url.startsWith('file:')) continue;
      for (const { ranges } of functions) for (const { count } of ranges) steps += count;
    }
    return steps;
  };
}
