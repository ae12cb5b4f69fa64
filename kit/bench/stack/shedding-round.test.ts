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

test('every intended request is answered, shed or unanswered', () => {
  assert.deepEqual(
    [ROUND.answered, ROUND.inTime, ROUND.inTimeShare, ROUND.shedShare, ROUND.unanswered],
    [2, 1, 0.5, 0.3, 3],
  );
  assert.deepEqual([ROUND.p50, ROUND.p99, ROUND.shedP99], [500, 900, 9]);
});

test('a cell has the medians of the rounds, and no latency if no request was answered', () => {
  const other = { ...ROUND, inTime: 4, p99: 700, unanswered: 2, readyShare: 0.5 };
  const silent = { ...ROUND, inTime: 0, p99: Number.NaN, unanswered: 0, readyShare: 1 };
  const measured = {
    route: { path: '/', what: 'work', clients: 1 },
    capacity: 10,
    bySide: [
      { name: 'one', rounds: [{ ...ROUND, readyShare: 1 }, other, other] },
      { name: 'two', rounds: [silent] },
    ],
  };
  assert.deepEqual(sheddingTable([measured, { ...measured, capacity: 1_000 }]).split('\n'), [
    '| | work, 10/s | work, 1,000/s |',
    '|---|---|---|',
    '| one | 4/s, 700 ms | 4/s, 700 ms |',
    '| two | 0/s | 0/s |',
    '',
    'Requests without an answer: 14. Lowest share of 200 from `/readyz`: 50 %.',
  ]);
});
