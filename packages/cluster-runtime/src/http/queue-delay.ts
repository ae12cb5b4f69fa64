export interface LongWaitOptions {
  readonly maxWaitMs: number;
  /** Milliseconds since the epoch, as in the `X-Request-Start` header of the proxy. */
  readonly clock?: () => number;
  /** Milliseconds for which the event loop was idle since its start. */
  readonly idleMs?: () => number;
  /** Milliseconds of CPU time used. */
  readonly cpuMs?: () => number;
}

/** Longer than any timeout of a proxy. A header with an older time is ignored. */
const MAX_AGE_MS = 60_000;

/**
 * Returns a function that decides whether a request waited too long and must be shed. A request is old if it waited longer than
 * `maxWaitMs`, in this worker or in a connection that was not accepted yet. For the latter the proxy reports when it received the
 * request: `X-Request-Start: t=<seconds>`.
 *
 * A worker never sheds the first old request after an idle period. After that first old request it sheds further ones only if, since
 * that request, it was never idle and used more than `maxWaitMs / 2` of CPU time. CPU starvation, retries, clock skew and a single long
 * request cause no rejections.
 *
 * Shedding uses at most half as much CPU time as serving. Without this limit, expensive shedding would use all CPU time, and the
 * worker would serve no request.
 */
export function longWait({
  maxWaitMs,
  clock = Date.now,
  idleMs = idleTime,
  cpuMs = threadCpuMs,
}: LongWaitOptions): (seenMs: number, requestStart: unknown) => boolean {
  const half = maxWaitMs / 2;
  let idle = -1;
  let usedAtFirst = 0;
  let usedBefore = 0;
  let shedBefore = false;
  let shedBudgetMs = 0;

  function isOld(seenMs: number, requestStart: unknown): boolean {
    if (seenMs > maxWaitMs) return true;
    if (typeof requestStart !== 'string') return false;
    const age = clock() - 1000 * Number(requestStart.slice(2));
    // A malformed header gives NaN, which compares as false.
    return age > maxWaitMs && age < MAX_AGE_MS;
  }

  function tooLong(seenMs: number, requestStart: unknown): boolean {
    if (!isOld(seenMs, requestStart)) return false;
    const used = cpuMs();
    const cost = used - usedBefore;
    usedBefore = used;
    const idleNow = idleMs();
    if (idleNow !== idle) {
      idle = idleNow;
      usedAtFirst = used;
      return false;
    }
    shedBudgetMs = shedBefore ? shedBudgetMs - cost : cost / 2;
    return used - usedAtFirst > half && shedBudgetMs > 0;
  }

  return (seenMs, requestStart) => {
    shedBefore = tooLong(seenMs, requestStart);
    return shedBefore;
  };
}

/** Milliseconds for which the event loop was idle since its start. */
export function idleTime(): number {
  return performance.nodeTiming.idleTime;
}

/** Returns the CPU time of this thread in milliseconds. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
