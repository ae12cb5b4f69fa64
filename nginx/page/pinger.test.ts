import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pinger } from './pinger.js';

test('it sends at its rate, which may change, until it is stopped', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let sent = 0;
  const pinger = new Pinger(async () => ++sent > 0, 3);
  const after = async (ms: number) => {
    for (let i = 0; i < ms; i += 10) {
      t.mock.timers.tick(10);
      await Promise.resolve();
      await Promise.resolve();
    }
    return sent;
  };
  pinger.rate(10);
  assert.equal(await after(1000), 0);
  pinger.start();
  assert.equal(await after(1000), 10);
  pinger.rate(50);
  assert.equal(await after(1000), 60);
  pinger.stop();
  assert.equal(await after(1000), 60);
  assert.deepEqual([pinger.answered, pinger.unanswered], [60, 0]);
});

test('at most maxPending pings are pending, and each answer frees a place', async () => {
  const waiting: ((ok: boolean) => void)[] = [];
  const pinger = new Pinger(() => new Promise((resolve) => waiting.push(resolve)), 2);
  assert.equal(pinger.full, false);
  const sent = [pinger.one(), pinger.one()];
  assert.equal(pinger.full, true);
  assert.equal(await pinger.one(), false);
  assert.equal(waiting.length, 2);
  waiting[0]!(true);
  waiting[1]!(false);
  assert.deepEqual(await Promise.all(sent), [true, false]);
  assert.deepEqual([pinger.answered, pinger.unanswered], [1, 1]);
  const third = pinger.one();
  waiting[2]!(true);
  assert.equal(await third, true);
});
