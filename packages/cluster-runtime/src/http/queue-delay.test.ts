import assert from 'node:assert/strict';
import test from 'node:test';
import { longWait } from './queue-delay.ts';

const EPOCH_MS = 1_795_000_000_000;

/** A worker whose clocks the test controls. */
function byHand(maxWaitMs: number) {
  let clock = EPOCH_MS;
  let idle = 7;
  let cpu = 0;
  const waitedTooLong = longWait({
    maxWaitMs,
    clock: () => clock,
    idleMs: () => idle,
    cpuMs: () => cpu,
  });
  const withHeader = (requestStart: unknown): boolean => waitedTooLong(0, requestStart);
  return {
    withHeader,
    /** A request that the proxy received `ms` ago. Returns whether it waited too long. */
    aged: (ms: number): boolean => withHeader(`t=${((clock - ms) / 1000).toFixed(3)}`),
    /** A request that this worker received `ms` ago. */
    seen: (ms: number): boolean => waitedTooLong(ms, undefined),
    work(ms: number): void {
      clock += ms;
      cpu += ms;
    },
    rest(ms: number): void {
      clock += ms;
      idle += ms;
    },
    /** Time passes, and the worker gets no CPU. */
    stand(ms: number): void {
      clock += ms;
    },
  };
}

test('in a continuously busy worker a request older than the limit waited too long, and a younger one did not', () => {
  const { aged, work } = byHand(100);
  assert.equal(aged(150), false, 'the first one');
  work(50);
  assert.equal(aged(200), false, 'busy for half the limit at most');
  work(1);
  assert.equal(aged(101), true);
  assert.equal(aged(99), false);
  work(1000);
  assert.equal(aged(101), true);
  assert.equal(aged(99), false);
});

test('a wait in the worker itself counts without a header of the proxy', () => {
  const { aged, seen, work } = byHand(100);
  assert.equal(seen(101), false, 'the first one');
  work(51);
  assert.equal(seen(100), false);
  assert.equal(seen(101), true);
  assert.equal(aged(101), true, 'both kinds of wait share one state');
});

test('shedding uses at most half the CPU time of serving', () => {
  const { aged, work } = byHand(100);
  let served = 0;
  let shed = 0;
  for (let i = 0; i < 1_000; i++) {
    const late = aged(5_000);
    work(late ? 2.5 : 10);
    if (late) shed++;
    else served++;
  }
  assert.ok(Math.abs(shed * 2.5 - (served * 10) / 2) < 100, `${served} served, ${shed} shed`);
});

test('a worker that idles in between sheds no request, whatever its age', () => {
  const { aged, work, rest } = byHand(100);
  for (let i = 0; i < 50; i++) {
    assert.equal(aged(5_000), false);
    work(1_000);
    rest(0.1);
  }
});

test('CPU starvation sheds no request', () => {
  const { aged, stand } = byHand(100);
  for (let i = 0; i < 50; i++) {
    assert.equal(aged(1_000), false);
    stand(1_000);
  }
});

test('a missing, malformed, future or very old X-Request-Start sheds no request', () => {
  const { withHeader, aged, work } = byHand(100);
  assert.equal(aged(150), false);
  work(1_000);
  assert.equal(aged(150), true, 'a valid header is shed');
  work(1);
  for (const header of [
    undefined,
    '',
    't=',
    't=x',
    't=0',
    't=-1',
    't=1',
    't=NaN',
    't=Infinity',
    't=-Infinity',
    't=1e999',
    `t=${EPOCH_MS / 1000}, t=${EPOCH_MS / 1000}`,
    `${EPOCH_MS}`,
    ['t=1', 't=2'],
  ]) {
    assert.equal(withHeader(header), false, JSON.stringify(header));
  }
  assert.equal(aged(-1), false);
  assert.equal(aged(-1e9), false);
  assert.equal(aged(60_000), false);
  assert.equal(aged(59_000), true);
});
