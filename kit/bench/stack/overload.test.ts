import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeReport } from './fake-report.ts';
import { accountFor } from './overload.ts';

const DIFFICULT = { 'long-lived': { 200: 3, 503: 2 }, aborted: { aborted: 5 } } as unknown as Parameters<
  typeof accountFor
>[1];
const REPORTS = [
  fakeReport({ intended: 10, byStatus: { 200: 6, 503: 3 }, byCause: { timeout: 1 }, withoutRetryAfter: 1 }),
  fakeReport({ intended: 4, byStatus: { 200: 3, 429: 1 }, byCause: {} }),
];
const BEFORE = { work: 100, 'half-sent': 0, shed: 7 };

test('the account adds up the results of the clients and compares them with the counts of the app', () => {
  const after = { work: 109, 'half-sent': 0, shed: 12 };
  const { difficult, ...account } = accountFor(REPORTS, DIFFICULT, BEFORE, after);
  assert.equal(difficult, DIFFICULT);
  assert.deepEqual(account, {
    sent: 14,
    byStatus: { 200: 9, 503: 3, 429: 1 },
    failed: { timeout: 1 },
    withoutRetryAfter: 1,
    answeredWork: 9,
    countedWork: 9,
    // Includes the difficult clients.
    refused: 6,
    shedByApp: 5,
    countedHalfSent: 0,
    lost: 0,
  });
});

test('an answered request that was not counted is lost; one counted for a client that disconnected is not', () => {
  assert.equal(accountFor(REPORTS, DIFFICULT, BEFORE, { ...BEFORE, work: 107 }).lost, 2);
  assert.equal(accountFor(REPORTS, DIFFICULT, BEFORE, { ...BEFORE, work: 110 }).lost, 0);
});
