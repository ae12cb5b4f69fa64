import { inspect } from 'node:util';

/**
 * Maximum time in milliseconds that a scrape waits for all `collect()` functions, which run concurrently. A tenth of the
 * default `scrape_timeout` of Prometheus (10 s).
 */
export const COLLECT_TIMEOUT_MS = 1000;
/** What sets the time limit, for messages. */
export const COLLECT_LIMIT = 'the limit of PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS or collectTimeoutMs';
const LONGEST_TIMEOUT_MS = 3_600_000;

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function isTimeout(value: number): boolean {
  return value >= 1 && value <= LONGEST_TIMEOUT_MS;
}

/** The time limit that the environment sets, or the default. Out-of-range values are ignored. */
export function collectTimeoutMs(): number {
  const wanted = Number(process.env.PROMETHEUS_MULTIPROC_COLLECT_TIMEOUT_MS);
  return isTimeout(wanted) ? wanted : COLLECT_TIMEOUT_MS;
}

/** The series limit that the environment sets; by default none. */
function maxSeriesPerMetric(): number {
  const wanted = Number(process.env.PROMETHEUS_MULTIPROC_MAX_SERIES);
  return isCount(wanted) ? wanted : Infinity;
}

export interface LimitOptions {
  readonly collectTimeoutMs?: number | undefined;
  readonly maxSeriesPerMetric?: number | undefined;
}

/** The limits of this process: from the environment, unless `share()` sets others. */
export class ProcessLimits {
  collectTimeoutMs = collectTimeoutMs();

  /** Maximum number of series of a metric in the slot, including removed ones and those of earlier processes. */
  maxSeriesPerMetric = maxSeriesPerMetric();

  /** @throws TypeError for an invalid limit */
  set({ collectTimeoutMs, maxSeriesPerMetric }: LimitOptions): void {
    if (
      collectTimeoutMs !== undefined &&
      !(typeof collectTimeoutMs === 'number' && isTimeout(collectTimeoutMs))
    ) {
      throw new TypeError(
        `share(): collectTimeoutMs must be a number from 1 to ${LONGEST_TIMEOUT_MS} (milliseconds), got ${inspect(collectTimeoutMs)}`,
      );
    }
    if (maxSeriesPerMetric !== undefined && !isCount(maxSeriesPerMetric)) {
      throw new TypeError(
        `share(): maxSeriesPerMetric must be an integer of at least 1, got ${inspect(maxSeriesPerMetric)}`,
      );
    }
    this.collectTimeoutMs = collectTimeoutMs ?? this.collectTimeoutMs;
    this.maxSeriesPerMetric = maxSeriesPerMetric ?? this.maxSeriesPerMetric;
  }
}
