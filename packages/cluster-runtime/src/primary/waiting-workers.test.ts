/** The time limits of workers whose application is not ready. */
import assert from 'node:assert/strict';
import cluster, { type Worker } from 'node:cluster';
import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { logged } from '../../test/support/logged.ts';
import { WorkerPool } from './worker-pool.ts';

const LIMIT_MS = 10_000;
const MINUTE_MS = 60_000;

/** A pool of two workers that are not processes, and a clock. */
function startPool(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  let clock = 0;
  t.mock.method(performance, 'now', () => clock);
  const lines = logged(t);
  let forks = 0;
  t.mock.method(cluster, 'fork', () => {
    forks += 1;
    const worker = new EventEmitter();
    const kill = (signal: string) => cluster.emit('exit', worker as Worker, null, signal);
    const stderr = new PassThrough();
    return Object.assign(worker, {
      id: forks,
      isConnected: () => false,
      process: { pid: forks, kill, stderr },
    });
  });
  const pool = new WorkerPool({
    workers: 2,
    giveUpMs: LIMIT_MS,
    startTimeoutMs: LIMIT_MS,
    drainWaitMs: 0,
    drainTimeoutMs: 0,
  });
  let gaveUp = false;
  pool.on('give-up', () => {
    gaveUp = true;
  });
  t.after(() => {
    for (const name of ['message', 'exit']) cluster.removeAllListeners(name);
  });
  pool.boot();
  return {
    pool,
    lines,
    gaveUp: () => gaveUp,
    /** Each worker that `answers` reports each second why it is not ready. */
    pass(ms: number, answers: (id: number) => boolean) {
      for (const end = clock + ms; clock < end; ) {
        clock += 1000;
        t.mock.timers.tick(1000);
        for (const { id, forked } of pool.workers())
          if (answers(id)) cluster.emit('message', forked, { type: 'readiness', reason: 'no database' });
      }
    },
    ids: () => pool.workers().map(({ id }) => id),
  };
}

test('workers that wait until the application is ready are not killed, and the primary does not give up, although a worker died', (t) => {
  const { pool, pass, ids, gaveUp } = startPool(t);
  pass(MINUTE_MS, () => true);
  assert.deepEqual(ids(), [1, 2]);
  pool.workers()[0]!.forked.process.kill('SIGKILL');
  pass(MINUTE_MS, () => true);
  assert.deepEqual([ids(), gaveUp()], [[2, 3], false]);
});

test('a worker that no longer answers is killed after the time limit of a start', (t) => {
  const { pass, ids } = startPool(t);
  pass(MINUTE_MS, () => true);
  pass(LIMIT_MS - 1000, (id) => id === 2);
  assert.deepEqual(ids(), [1, 2]);
  pass(2000, (id) => id === 2);
  assert.deepEqual(ids(), [2, 3]);
});

test('a rolling operation whose new worker is not ready within the time limit fails with the reason', async (t) => {
  const { pool, pass, ids } = startPool(t);
  const failed = once(pool, 'exit');
  const started = assert.rejects(
    pool.start('reload'),
    /^Error: the new worker 3 did not become ready \(start-timeout: no database\)/,
  );
  pass(LIMIT_MS + 1000, () => true);
  assert.deepEqual(ids(), [1, 2]);
  await Promise.all([failed, started]);
});
