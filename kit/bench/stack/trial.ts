import { type OpenLoopReport, startOpenLoop } from '../../test-kit/open-loop.ts';
import { quantile } from '../stats/spread.ts';

const MAX_CONNECTIONS = 512;
const TIMEOUT_MS = 5_000;

export interface TrialOptions {
  readonly url: string;
  readonly rate: number;
  readonly seconds: number;
  readonly maxConnections?: number;
}

export function startTrial({ url, rate, seconds, maxConnections = MAX_CONNECTIONS }: TrialOptions) {
  return startOpenLoop({ url, rate, durationMs: seconds * 1000, maxConnections, timeoutMs: TIMEOUT_MS });
}

export function trial(options: TrialOptions): Promise<OpenLoopReport> {
  return startTrial(options).done;
}

/** 99th percentile in milliseconds of the answers with one status; NaN without one. */
export function p99(report: OpenLoopReport, status = 200): number {
  return quantile(report.latencies[status] ?? [], 0.99);
}

export function allAnswered(report: OpenLoopReport): boolean {
  return report.byStatus[200] === report.intended;
}
