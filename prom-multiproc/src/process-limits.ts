import { inspect } from 'node:util';

/**
 * Longest time in milliseconds that a scrape waits for the `collect()` of a metric, and so for all of them: they run at one
 * time. A tenth of the 10 s that Prometheus by default waits for a page (`scrape_timeout`): the rest is for the merge and
 * the way there.
 */
export const COLLECT_TIMEOUT_MS = 1000;
const LONGEST_TIMEOUT_MS = 3_600_000;

function isTimeout(value: number): boolean {
  return value >= 1 && value <= LONGEST_TIMEOUT_MS;
}

/** What the environment sets, or the default. */
export function collectTimeoutMs(): number {
  const wanted = Number(process.env.PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS);
  return isTimeout(wanted) ? wanted : COLLECT_TIMEOUT_MS;
}

/** The limits of this process: those of the environment, until `share()` gives others. */
export class ProcessLimits {
  collectTimeoutMs = collectTimeoutMs();

  /** @throws TypeError for what is no such limit. */
  set({ collectTimeoutMs }: { readonly collectTimeoutMs?: number | undefined }): void {
    if (collectTimeoutMs === undefined) return;
    if (typeof collectTimeoutMs !== 'number' || !isTimeout(collectTimeoutMs)) {
      throw new TypeError(
        `share(): collectTimeoutMs is ${inspect(collectTimeoutMs)}: give milliseconds from 1 to ${LONGEST_TIMEOUT_MS}`,
      );
    }
    this.collectTimeoutMs = collectTimeoutMs;
  }
}
