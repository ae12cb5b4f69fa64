import assert from 'node:assert/strict';
import test from 'node:test';
import { type OperatedPool, RollingOperations } from './rolling-operations.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Workers by name, in the order they were started. */
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
    start: () => Promise.reject(new Error('no worker is to be started')),
    async drainWorker(worker) {
      drained.push((worker as unknown as { name: string }).name);
      ended.resolve();
    },
  };
  return { operations: new RollingOperations({ pool, onReload() {} }), drained, ended: ended.promise };
}

test('one less takes a worker that is still starting, not the last that serves', async () => {
  const { operations, drained, ended } = poolOf({ old: 'ready', young: 'starting' });
  operations.scale(-1);
  await ended;
  assert.deepEqual(drained, ['young']);
});

test('one less takes the worker that has served longest where all serve', async () => {
  const { operations, drained, ended } = poolOf({ old: 'ready', young: 'ready' });
  operations.scale(-1);
  await ended;
  assert.deepEqual(drained, ['old']);
});
