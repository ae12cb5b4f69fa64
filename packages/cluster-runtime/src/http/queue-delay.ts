export interface LongWaitOptions {
  readonly maxWaitMs: number;
  /** Milliseconds of the clock that the proxy reads too. */
  readonly clock?: () => number;
  /** Milliseconds for which the event loop had nothing to do, since its start. */
  readonly idleMs?: () => number;
  readonly processorMs?: () => number;
}

/** Older than any time limit of a proxy: such a header says something else. */
const ABSURD_MS = 60_000;

/**
 * Whether a request waited too long: for so long since this worker saw it, or where nobody sees it, in a connection that was
 * not accepted yet. Of that the proxy tells: `X-Request-Start: t=<seconds>`, when it had the request.
 *
 * Age alone turns nobody away. The worker must not have rested since it met the first old one, and have worked for half of the
 * limit: what waited elsewhere (a worker that died, other clocks, no processor) or behind a single long request finds a worker
 * that rests in between.
 *
 * Nor does refusing take more than half of the processor time of serving: where it is dear all would be old by the time that
 * they are looked at, and nobody would be served.
 */
export function longWait({
  maxWaitMs,
  clock = Date.now,
  idleMs = () => performance.nodeTiming.idleTime,
  processorMs = threadMs,
}: LongWaitOptions): (seenMs: number, requestStart: unknown) => boolean {
  const half = maxWaitMs / 2;
  let idle = -1;
  let usedAtFirst = 0;
  let usedBefore = 0;
  let refusedBefore = false;
  let mayRefuseMs = 0;

  function isOld(seenMs: number, requestStart: unknown): boolean {
    if (seenMs > maxWaitMs) return true;
    if (typeof requestStart !== 'string') return false;
    const age = clock() - 1000 * Number(requestStart.slice(2));
    // Not a number compares as neither.
    return age > maxWaitMs && age < ABSURD_MS;
  }

  function tooLong(seenMs: number, requestStart: unknown): boolean {
    if (!isOld(seenMs, requestStart)) return false;
    const used = processorMs();
    const cost = used - usedBefore;
    usedBefore = used;
    const idleNow = idleMs();
    if (idleNow !== idle) {
      idle = idleNow;
      usedAtFirst = used;
      return false;
    }
    mayRefuseMs = refusedBefore ? mayRefuseMs - cost : cost / 2;
    return used - usedAtFirst > half && mayRefuseMs > 0;
  }

  return (seenMs, requestStart) => {
    refusedBefore = tooLong(seenMs, requestStart);
    return refusedBefore;
  };
}

/** Processor time of this thread. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
