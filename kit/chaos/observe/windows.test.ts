import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SentRequest } from '../account/ledger.ts';
import { FaultWindows } from './windows.ts';

function failure(sentAt: number, endedAt: number, cause = 'status 502', upstream = '502'): SentRequest {
  return {
    id: sentAt,
    method: 'GET',
    sentAt,
    sentIn: 0,
    endedAt,
    endedIn: 0,
    outcome: { kind: 'failed', cause },
    entry: { method: 'GET', path: '/', status: cause.slice(-3), upstream_status: upstream },
  };
}

function withExit(from: number, to: number | undefined, mostInFlight = 12): FaultWindows {
  const windows = new FaultWindows(mostInFlight);
  windows.open('worker', 'kill', from).to = to;
  return windows;
}

test('a failed request in flight while a worker exited is attributed to its fault', () => {
  const { byCause, unexplained } = withExit(1_000, 1_010).attribute([
    failure(990, 1_005),
    failure(1_002, 1_003),
    failure(1_100, 1_101, 'status 504', '502, 504'),
    failure(1_100, 1_101, 'status 503', '502 : 502'),
  ]);
  assert.deepEqual([byCause, unexplained], [{ kill: 4 }, []]);
});

test('a request that ended before or began well after the exit is unexplained', () => {
  const { byCause, unexplained } = withExit(1_000, 1_010).attribute([
    failure(900, 999),
    failure(1_300, 1_310),
  ]);
  assert.deepEqual(byCause, {});
  assert.match(unexplained[0]!, /^GET 900: status 502, .* for 99 ms \(nginx: 502, upstream "502"\)$/);
  assert.equal(unexplained.length, 2);
});

test('an exit explains at most as many failures as one process can have in flight', () => {
  const { byCause, unexplained } = withExit(1_000, 1_010, 2).attribute(
    [1_001, 1_002, 1_003].map((t) => failure(t, t)),
  );
  assert.deepEqual([byCause, unexplained.length], [{ kill: 2 }, 1]);
});

test('the exit of a worker explains no broken connection, and a restart of nginx explains no 502', () => {
  const windows = new FaultWindows(12);
  windows.open('proxy', 'restart-nginx', 1_000);
  const { byCause, unexplained } = windows.attribute([
    failure(1_001, 1_002, 'ECONNREFUSED'),
    failure(1_001, 1_002),
  ]);
  assert.deepEqual([byCause, unexplained.length], [{ 'restart-nginx': 1 }, 1]);
  assert.equal(withExit(1_000, 1_010).attribute([failure(1_001, 1_002, 'ECONNRESET')]).unexplained.length, 1);
});

test('a 503 for a request that nginx did not send to the app is attributed to the restart of nginx', () => {
  const windows = new FaultWindows(12);
  windows.open('proxy', 'restart-nginx', 1_000).to = 1_500;
  const { byCause, unexplained } = windows.attribute([
    failure(1_001, 1_002, 'status 503', '502'),
    failure(1_001, 1_002, 'status 502', '502'),
    failure(1_001, 1_002, 'status 503', '502 : 502'),
    failure(2_001, 2_002, 'status 503', '502'),
  ]);
  assert.deepEqual([byCause, unexplained.length], [{ 'restart-nginx': 1 }, 3]);
});

test('no fault explains an answer of the app or a timeout', () => {
  const windows = withExit(1_000, undefined);
  windows.open('application', 'kill-primary', 1_000);
  for (const cause of ['status 500', 'status 404', 'timeout']) {
    const upstream = `502, ${cause.slice(-3)}`;
    assert.equal(windows.attribute([failure(1_001, 1_002, cause, upstream)]).unexplained.length, 1, cause);
  }
});

test('a window is found by kind and time', () => {
  const windows = withExit(1_000, 2_000);
  const open = windows.open('application', 'kill-primary', 3_000);
  assert.equal(windows.at(['application', 'proxy'], 1_500, 1_600), undefined);
  assert.equal(windows.at(['application', 'proxy'], 9_000, 9_100), open);
  open.to = 4_000;
  assert.equal(windows.at(['application', 'proxy'], 9_000, 9_100), undefined);
});

test('a 503 of the app is load shedding, and a 503 of nginx without a fault is unexplained', () => {
  const { byCause, unexplained } = new FaultWindows(12).attribute([
    failure(1_001, 1_002, 'status 503', '503'),
    failure(1_001, 1_002, 'status 503', '502, 503'),
    failure(1_001, 1_002, 'status 503', '502'),
    failure(1_001, 1_002, 'status 503', ''),
  ]);
  assert.deepEqual([byCause, unexplained.length], [{ 'shed by the app': 2 }, 2]);
});
