import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { GiveUp } from './give-up.ts';

/** A pool whose clock the test controls. `gaveUp` counts the calls of `onGiveUp`; the limit is 1000 ms. */
function watch(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let clock = 0;
  t.mock.method(performance, 'now', () => clock);
  const pool = { stable: false, gaveUp: 0 };
  const giveUp = new GiveUp({
    giveUpMs: 1000,
    hasStable: () => pool.stable,
    onGiveUp: () => {
      pool.gaveUp += 1;
    },
  });
  const pass = (ms: number) => {
    clock += ms;
    t.mock.timers.tick(ms);
  };
  giveUp.start();
  return { giveUp, pool, pass };
}

test('the primary gives up once if a worker exited early and no worker is stable until the limit', (t) => {
  const { giveUp, pool, pass } = watch(t);
  giveUp.failedEarly();
  pass(750);
  assert.equal(pool.gaveUp, 0);
  pass(250);
  assert.equal(pool.gaveUp, 1);
  pass(10_000);
  assert.equal(pool.gaveUp, 1);
});

test('workers that only start slowly do not make the primary give up', (t) => {
  const { pool, pass } = watch(t);
  pass(100_000);
  assert.equal(pool.gaveUp, 0);
});

test('the time limit starts again while a worker is stable and when a stable worker exits', (t) => {
  const { giveUp, pool, pass } = watch(t);
  giveUp.failedEarly();
  pass(750);
  giveUp.seenStable();
  pass(10_000);
  assert.equal(pool.gaveUp, 0);
  giveUp.failedEarly();
  pool.stable = true;
  pass(10_000);
  pool.stable = false;
  pass(10_000);
  assert.equal(pool.gaveUp, 0);
  giveUp.failedEarly();
  pass(250);
  assert.equal(pool.gaveUp, 1);
});
