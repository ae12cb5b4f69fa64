import type { OpenLoopReport } from '../../test-kit/open-loop.ts';

/** Report of one request that was answered in 5 ms, changed as given. */
export function fakeReport(changes: Partial<OpenLoopReport>): OpenLoopReport {
  return {
    intended: 1,
    answered: 1,
    failed: 0,
    byStatus: { 200: 1 },
    byCause: {},
    latencies: { 200: [5] },
    withoutRetryAfter: 0,
    latestMs: 0,
    mostConnections: 1,
    ...changes,
  };
}
