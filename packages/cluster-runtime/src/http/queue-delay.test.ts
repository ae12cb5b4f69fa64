import assert from 'node:assert/strict';
import test from 'node:test';
import { longWait } from './queue-delay.ts';

const EPOCH_MS = 1_795_000_000_000;

/** A worker with clocks of its own. */
function byHand(maxWaitMs: number) {
  let clock = EPOCH_MS;
  let idle = 7;
  let processor = 0;
  const waitedTooLong = longWait({
    maxWaitMs,
    clock: () => clock,
    idleMs: () => idle,
    processorMs: () => processor,
  });
  const told = (requestStart: unknown): boolean => waitedTooLong(0, requestStart);
  return {
    told,
    /** A request that the proxy had so long ago; whether it waited too long. */
    aged: (ms: number): boolean => told(`t=${((clock - ms) / 1000).toFixed(3)}`),
    /** A request that this worker saw so long ago. */
    seen: (ms: number): boolean => waitedTooLong(ms, undefined),
    work(ms: number): void {
      clock += ms;
      processor += ms;
    },
    rest(ms: number): void {
      clock += ms;
      idle += ms;
    },
    /** Time passes, and the worker has no processor. */
    stand(ms: number): void {
      clock += ms;
    },
  };
}

test('under work without a rest, what is older than the limit waited too long, and what is not did not', () => {
  const { aged, work } = byHand(100);
  assert.equal(aged(150), false, 'the first one');
  work(50);
  assert.equal(aged(200), false, 'half of the limit not worked yet');
  work(1);
  assert.equal(aged(101), true);
  assert.equal(aged(99), false);
  work(1000);
  assert.equal(aged(101), true);
  assert.equal(aged(99), false);
});

test('what waited for this worker itself is as old, whatever a proxy says', () => {
  const { aged, seen, work } = byHand(100);
  assert.equal(seen(101), false, 'the first one');
  work(51);
  assert.equal(seen(100), false);
  assert.equal(seen(101), true);
  assert.equal(aged(101), true, 'and of one account with those');
});

test('where refusing is dear it takes half of the time that serving takes, and no more', () => {
  const { aged, work } = byHand(100);
  let served = 0;
  let refused = 0;
  for (let i = 0; i < 1_000; i++) {
    const late = aged(5_000);
    work(late ? 2.5 : 10);
    if (late) refused++;
    else served++;
  }
  assert.ok(Math.abs(refused * 2.5 - (served * 10) / 2) < 100, `${served} served, ${refused} refused`);
});

test('a worker that rests in between turns nobody away, however old', () => {
  const { aged, work, rest } = byHand(100);
  for (let i = 0; i < 50; i++) {
    assert.equal(aged(5_000), false);
    work(1_000);
    rest(0.1);
  }
});

test('a worker that is kept from its processor turns nobody away', () => {
  const { aged, stand } = byHand(100);
  for (let i = 0; i < 50; i++) {
    assert.equal(aged(1_000), false);
    stand(1_000);
  }
});

test('what gives no time, one to come or one long past waited for nothing', () => {
  const { told, aged, work } = byHand(100);
  assert.equal(aged(150), false);
  work(1_000);
  assert.equal(aged(150), true, 'a sound one by now');
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
    assert.equal(told(header), false, JSON.stringify(header));
  }
  assert.equal(aged(-1), false);
  assert.equal(aged(-1e9), false);
  assert.equal(aged(60_000), false);
  assert.equal(aged(59_000), true);
});
