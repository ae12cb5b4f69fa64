import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { GiveUp } from './give-up.ts';

/** A pool whose clock the test turns; `given` says how often it has given up after 1000 ms. */
function watch(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let clock = 0;
  t.mock.method(performance, 'now', () => clock);
  const pool = { stable: false, given: 0 };
  const giveUp = new GiveUp({
    giveUpMs: 1000,
    hasStable: () => pool.stable,
    onGiveUp: () => {
      pool.given += 1;
    },
  });
  const pass = (ms: number) => {
    clock += ms;
    t.mock.timers.tick(ms);
  };
  giveUp.start();
  return { giveUp, pool, pass };
}

test('the primary gives up once, when workers failed early for so long', (t) => {
  const { giveUp, pool, pass } = watch(t);
  giveUp.failedEarly();
  pass(750);
  assert.equal(pool.given, 0);
  pass(250);
  assert.equal(pool.given, 1);
  pass(10_000);
  assert.equal(pool.given, 1);
});

test('workers that only take long to start are no reason to give up', (t) => {
  const { pool, pass } = watch(t);
  pass(100_000);
  assert.equal(pool.given, 0);
});

test('a stable worker, there now or until now, starts the time again', (t) => {
  const { giveUp, pool, pass } = watch(t);
  giveUp.failedEarly();
  pass(750);
  giveUp.seenStable();
  pass(10_000);
  assert.equal(pool.given, 0);
  giveUp.failedEarly();
  pool.stable = true;
  pass(10_000);
  pool.stable = false;
  pass(10_000);
  assert.equal(pool.given, 0);
  giveUp.failedEarly();
  pass(250);
  assert.equal(pool.given, 1);
});
