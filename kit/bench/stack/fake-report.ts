import type { OpenLoopReport } from '../../test-kit/open-loop.ts';

/** What the generator tells of one request that took 5 ms, but for what is given. */
export function fakeReport(but: Partial<OpenLoopReport>): OpenLoopReport {
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
    ...but,
  };
}
