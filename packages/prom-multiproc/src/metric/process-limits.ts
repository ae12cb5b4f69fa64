import { inspect } from 'node:util';

/**
 * Longest time in milliseconds that a scrape waits for the `collect()` of a metric, and so for all of them: they run at one
 * time. A tenth of the 10 s that Prometheus by default waits for a page (`scrape_timeout`): the rest is for the merge and
 * the way there.
 */
export const COLLECT_TIMEOUT_MS = 1000;
const LONGEST_TIMEOUT_MS = 3_600_000;

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function isTimeout(value: number): boolean {
  return value >= 1 && value <= LONGEST_TIMEOUT_MS;
}

/** What the environment sets, or the default. */
export function collectTimeoutMs(): number {
  const wanted = Number(process.env.PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS);
  return isTimeout(wanted) ? wanted : COLLECT_TIMEOUT_MS;
}

/** What the environment sets; by default there is no limit. */
function maxSeriesPerMetric(): number {
  const wanted = Number(process.env.PROMETHEUS_MULTIPROC_MAX_SERIES);
  return isCount(wanted) ? wanted : Infinity;
}

interface LimitOptions {
  readonly collectTimeoutMs?: number | undefined;
  readonly maxSeriesPerMetric?: number | undefined;
}

/** The limits of this process: those of the environment, until `share()` gives others. */
export class ProcessLimits {
  collectTimeoutMs = collectTimeoutMs();

  /** Most series of a metric in the slot. */
  maxSeriesPerMetric = maxSeriesPerMetric();

  /** @throws TypeError for what is no such limit. */
  set({ collectTimeoutMs, maxSeriesPerMetric }: LimitOptions): void {
    if (
      collectTimeoutMs !== undefined &&
      !(typeof collectTimeoutMs === 'number' && isTimeout(collectTimeoutMs))
    ) {
      throw new TypeError(
        `share(): collectTimeoutMs is ${inspect(collectTimeoutMs)}: give milliseconds from 1 to ${LONGEST_TIMEOUT_MS}`,
      );
    }
    if (maxSeriesPerMetric !== undefined && !isCount(maxSeriesPerMetric)) {
      throw new TypeError(
        `share(): maxSeriesPerMetric is ${inspect(maxSeriesPerMetric)}: give a whole number from 1 on`,
      );
    }
    this.collectTimeoutMs = collectTimeoutMs ?? this.collectTimeoutMs;
    this.maxSeriesPerMetric = maxSeriesPerMetric ?? this.maxSeriesPerMetric;
  }
}
