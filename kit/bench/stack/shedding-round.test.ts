import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeReport } from './fake-report.ts';
import { sheddingTable } from './shedding-report.ts';
import { roundOf } from './shedding-round.ts';

const ROUND = roundOf(
  fakeReport({
    intended: 10,
    latencies: { 200: [100, 500, 501, 900], 503: [5, 7], 429: [9] },
    byStatus: { 200: 4, 503: 2, 429: 1, 502: 1 },
    byCause: { timeout: 2 },
  }),
  2,
);

test('every request intended is answered, shed, or unanswered', () => {
  assert.deepEqual(
    [ROUND.answered, ROUND.inTime, ROUND.inTimeShare, ROUND.shedShare, ROUND.unanswered],
    [2, 1, 0.5, 0.3, 3],
  );
  assert.deepEqual([ROUND.p50, ROUND.p99, ROUND.shedP99], [500, 900, 9]);
});

test('the table has the median and the range of the rounds, and no latency where nothing was shed', () => {
  const other = { ...ROUND, answered: 4, shedP99: Number.NaN, readyShare: 0.5 };
  const rounds = [{ ...ROUND, readyShare: 1 }, other, other];
  const measured = {
    route: { path: '/', what: 'work', clients: 1 },
    capacity: 10,
    bySide: [{ name: 'one', rounds }],
  };
  const [, , route, row] = sheddingTable([measured]).split('\n');
  assert.match(route!, /^\| \*\*work\*\*: 10 a second, 30 offered \|/);
  assert.equal(row, '| one | 4 (2..4) | 50% | 1 | 30% | 3 | 500 ms | 900 ms | 9 ms | 50% (50..100) |');
});
