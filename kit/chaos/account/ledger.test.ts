import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessEntry } from '../../../e2e/support/access-log.ts';
import { addressOf, attemptsOf, Ledger, type Outcome, type SentRequest } from './ledger.ts';

const entry = (id: number, upstream: string, status = '200', method = 'GET'): AccessEntry => ({
  method,
  path: addressOf('/ping', id),
  status,
  upstream_status: upstream,
});
const OK: Outcome = { kind: 'answered', status: 200 };
const FAILED: Outcome = { kind: 'failed', cause: 'status 502' };

/** A request that was sent, has ended and is in the log of nginx. */
function whole(ledger: Ledger, upstream = '200', outcome: Outcome = OK): SentRequest {
  const request = ledger.send('GET', 0);
  ledger.end(request, outcome, 1);
  ledger.take(entry(request.id, upstream, outcome === OK ? '200' : '502'));
  return request;
}

test('an answered attempt is certain, one without an answer is uncertain, a request that nginx did not forward is neither', () => {
  assert.deepEqual(attemptsOf(entry(1, '200')), { certain: 1, uncertain: 0 });
  assert.deepEqual(attemptsOf(entry(1, '502, 504, 404')), { certain: 1, uncertain: 2 });
  assert.deepEqual(attemptsOf(entry(1, '502 : -')), { certain: 0, uncertain: 2 });
  assert.deepEqual(attemptsOf(entry(1, '503')), { certain: 1, uncertain: 0 });
  assert.deepEqual(attemptsOf(entry(1, '')), { certain: 0, uncertain: 0 });
});

test('each request is booked once, under its method', () => {
  const ledger = new Ledger();
  whole(ledger);
  whole(ledger, '502, 200');
  whole(ledger, '502', FAILED);
  const post = ledger.send('POST', 0);
  // The log line may arrive before the answer.
  ledger.take(entry(post.id, '404', '404', 'POST'));
  assert.equal(ledger.bounds.POST.certain, 0);
  ledger.end(post, { kind: 'answered', status: 404 }, 1);
  assert.deepEqual(ledger.bounds, {
    GET: { answered: 2, certain: 2, uncertain: 2 },
    POST: { answered: 1, certain: 1, uncertain: 0 },
  });
  assert.deepEqual(ledger.totals, {
    sent: 4,
    answered: 3,
    failed: 1,
    aborted: 0,
    attempted: 5,
    neverReached: 0,
  });
  assert.equal(ledger.inFlight, 0);
  assert.deepEqual(
    ledger.failures.map(({ id }) => id),
    [3],
  );
});

test('log lines of other requests are ignored', () => {
  const ledger = new Ledger();
  ledger.take({ method: 'GET', path: '/readyz', status: '200', upstream_status: '200' });
  ledger.take({ method: 'GET', path: '/demo/faults/block?ms=3', status: '200', upstream_status: '200' });
  assert.equal(ledger.totals.attempted, 0);
});

test('an aborted request is certain if the app answered it, uncertain if not', () => {
  const ledger = new Ledger();
  for (const upstream of ['200', '-']) {
    const request = ledger.send('GET', 0);
    ledger.end(request, { kind: 'aborted' }, 1);
    ledger.take(entry(request.id, upstream, '499'));
  }
  assert.deepEqual(ledger.bounds.GET, { answered: 0, certain: 1, uncertain: 1 });
});

test('a request sent before a kill and answered after it is uncertain', () => {
  const ledger = new Ledger();
  const before = whole(ledger);
  const early = ledger.send('GET', 0);
  const unconfirmed = ledger.send('GET', 0);
  ledger.end(unconfirmed, OK, 1);
  ledger.beginRestart();
  const during = ledger.send('GET', 1);
  ledger.end(during, OK, 1);
  const late = ledger.send('GET', 1);
  ledger.endRestart();
  for (const request of [early, late]) ledger.end(request, OK, 2);
  for (const request of [early, unconfirmed, during, late]) ledger.take(entry(request.id, '200'));
  assert.equal(before.sentIn, 0);
  assert.deepEqual(ledger.bounds.GET, { answered: 0, certain: 0, uncertain: 3 });
  whole(ledger);
  assert.deepEqual(ledger.bounds.GET, { answered: 1, certain: 1, uncertain: 3 });
  assert.equal(ledger.sentSinceRestart, 3);
});

test('a failed request from before a kill, logged after it, is uncertain', () => {
  const ledger = new Ledger();
  const failed = ledger.send('GET', 0);
  ledger.end(failed, FAILED, 1);
  ledger.beginRestart();
  ledger.endRestart();
  ledger.take(entry(failed.id, '502', '502'));
  assert.deepEqual(ledger.bounds.GET, { answered: 0, certain: 0, uncertain: 1 });
});

test('an answer without a log line, or with another status in the log, is a contradiction', () => {
  const ledger = new Ledger();
  const request = ledger.send('GET', 0);
  assert.equal(ledger.unconfirmedSince(), undefined);
  ledger.end(request, OK, 1);
  assert.equal(ledger.unconfirmedSince(), 0);
  ledger.beginInterval();
  assert.equal(ledger.unconfirmedSince(), undefined);
  assert.match(ledger.contradictions[0]!, /request 1 was answered 200, but is not in the log of nginx/);
  const other = ledger.send('GET', 0);
  ledger.end(other, OK, 1);
  ledger.take(entry(other.id, '502', '502'));
  assert.match(ledger.contradictions[1]!, /request 2 was answered 200, but the log of nginx has 502/);
});

test('a request that never reached nginx is not counted, and is uncertain if its log line comes late', () => {
  const ledger = new Ledger();
  const request = ledger.send('GET', 0);
  assert.throws(() => ledger.beginInterval(), /request 1 is still in flight/);
  ledger.end(request, { kind: 'aborted' }, 1);
  ledger.beginInterval();
  assert.equal(ledger.totals.neverReached, 1);
  ledger.take(entry(request.id, '200', '499'));
  assert.equal(ledger.totals.neverReached, 0);
  assert.deepEqual(ledger.bounds.GET, { answered: 0, certain: 0, uncertain: 1 });
});

test('reading a part of the log again changes nothing', () => {
  const ledger = new Ledger();
  const { id } = whole(ledger);
  ledger.take(entry(id, '200'));
  ledger.beginInterval();
  ledger.take(entry(id, '200'));
  assert.deepEqual([ledger.totals.attempted, ledger.bounds.GET.uncertain], [1, 0]);
});

test('a restart cannot begin twice or end twice', () => {
  const ledger = new Ledger();
  assert.throws(() => ledger.endRestart(), /no restart is in progress/);
  ledger.beginRestart();
  assert.throws(() => ledger.beginRestart(), /a restart is in progress/);
});
