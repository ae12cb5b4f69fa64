import assert from 'node:assert/strict';
import test from 'node:test';
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
  return { operations: new RollingOperations({ pool, onReload() {} }), drained, ended: ended.promise };
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
