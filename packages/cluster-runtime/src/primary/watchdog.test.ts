import assert from 'node:assert/strict';
import test from 'node:test';
import { PING_EVERY_MS, Watchdog, type Watched } from './watchdog.ts';

interface Fake extends Watched {
  readonly name: string;
  pings: number;
}

/** A watchdog with a clock that the test controls. */
function watch(timeoutMs: number, ...names: string[]) {
  let clock = 1_000_000;
  const killed: string[] = [];
  const workers = names.map((name): Fake => {
    const worker = { name, lastAnswer: clock, pingPending: false, pings: 0, ping: () => void worker.pings++ };
    return worker;
  });
  const watchdog = new Watchdog<Fake>({
    timeoutMs,
    watched: () => workers.filter(({ name }) => !killed.includes(name)),
    onStuck: ({ name }) => killed.push(name),
    now: () => clock,
  });
  return {
    killed,
    workers,
    /** Time passes, and then the named workers answer. */
    tick(ms: number, ...answering: string[]): void {
      clock += ms;
      watchdog.tick();
      for (const worker of workers) if (answering.includes(worker.name)) watchdog.answered(worker);
    },
  };
}

test('a worker that does not answer within the timeout is stuck, and others are not', () => {
  const { tick, killed } = watch(5000, 'lively', 'stuck');
  for (let second = 1; second <= 4; second++) tick(PING_EVERY_MS, 'lively');
  assert.deepEqual(killed, []);
  tick(PING_EVERY_MS, 'lively');
  assert.deepEqual(killed, ['stuck']);
  for (let second = 1; second <= 60; second++) tick(PING_EVERY_MS, 'lively');
  assert.deepEqual(killed, ['stuck']);
});

test('a worker that does not answer gets one ping and not one per second', () => {
  const { tick, workers } = watch(60_000, 'stuck');
  for (let second = 1; second <= 30; second++) tick(PING_EVERY_MS);
  assert.equal(workers[0]!.pings, 1);
});

test('an answer in time restarts the timeout', () => {
  const { tick, killed } = watch(3000, 'slow');
  for (let round = 0; round < 10; round++) {
    tick(PING_EVERY_MS);
    tick(PING_EVERY_MS, 'slow');
  }
  assert.deepEqual(killed, []);
});

test('time during which the watchdog itself was stopped does not count', () => {
  const { tick, killed } = watch(3000, 'lively', 'stuck');
  tick(PING_EVERY_MS, 'lively');
  tick(600_000);
  assert.deepEqual(killed, []);
  tick(PING_EVERY_MS, 'lively');
  tick(PING_EVERY_MS, 'lively');
  assert.deepEqual(killed, ['stuck'], 'the stuck worker had not answered before');
});
