import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { logged } from '../../test/support/logged.ts';
import { type OperatedPool, RollingOperations } from './rolling-operations.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A pool with these workers, in the order of their starts. */
function poolOf(states: Readonly<Record<string, 'starting' | 'ready'>>) {
  const drained: string[] = [];
  const workers = Object.entries(states).map(
    ([name, state]) =>
      ({ name, state, serves: state === 'ready', drainReason: undefined }) as unknown as WorkerProcess,
  );
  const ended = Promise.withResolvers<void>();
  const pool: OperatedPool = {
    desired: workers.length,
    stopping: false,
    setDesired() {},
    cancelReplacement: () => false,
    workers: () => workers,
    start: () => Promise.reject(new Error('unexpected start')),
    async drainWorker(worker) {
      drained.push((worker as unknown as { name: string }).name);
      ended.resolve();
    },
  };
  return {
    operations: new RollingOperations({ pool, onReload() {} }),
    workers,
    drained,
    ended: ended.promise,
  };
}

test('scaling down removes a starting worker and not the only worker that serves', async () => {
  const { operations, drained, ended } = poolOf({ old: 'ready', young: 'starting' });
  operations.scale(-1);
  await ended;
  assert.deepEqual(drained, ['young']);
});

test('scaling down removes the worker that has served longest if all serve', async () => {
  const { operations, drained, ended } = poolOf({ old: 'ready', young: 'ready' });
  operations.scale(-1);
  await ended;
  assert.deepEqual(drained, ['old']);
});

test('a failed replacement of a worker that cannot share is not logged as a failed recycle', async (t) => {
  const lines = logged(t);
  const { operations, workers } = poolOf({ old: 'ready', young: 'ready' });
  operations.replace(workers[0]!, 'cannot-share', 'ENOSPC');
  await turn();
  operations.replace(workers[0]!, 'recycle', '100 requests, limit 100');
  await turn();
  const failures = lines.filter(({ level }) => level === 'error').map(({ msg }) => msg);
  assert.deepEqual(failures, [
    'replacement of a worker that cannot share failed; existing workers keep serving',
    'recycle failed; existing workers keep serving',
  ]);
});

test('a reload that is requested during a reload is queued, and further requests are part of it', (t) => {
  const lines = logged(t);
  const { operations } = poolOf({ young: 'starting' });
  for (let i = 0; i < 3; i++) operations.reload();
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    [
      'reloading',
      'a reload is running; one more runs after it',
      'a reload is already queued; this request is part of it',
    ],
  );
});

test('a reload that fails without a ready worker does not log that workers keep serving', async (t) => {
  const lines = logged(t);
  const { operations } = poolOf({ young: 'starting' });
  operations.reload();
  await turn();
  const { msg } = lines.find(({ level }) => level === 'error')!;
  assert.equal(msg, 'reload failed; no worker is ready');
});
