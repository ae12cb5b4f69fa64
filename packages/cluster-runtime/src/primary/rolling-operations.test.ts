import assert from 'node:assert/strict';
import test from 'node:test';
import { type Hands, Operations } from './rolling-operations.ts';
import type { Member } from './worker-process.ts';

/** Workers by name, in the order they were started. */
function crewOf(states: Readonly<Record<string, 'starting' | 'ready'>>) {
  const retired: string[] = [];
  const members = Object.entries(states).map(
    ([name, state]) => ({ name, state, serves: state === 'ready', retired: undefined }) as unknown as Member,
  );
  const ended = Promise.withResolvers<void>();
  const hands: Hands = {
    wanted: members.length,
    stopping: false,
    setWanted() {},
    cancelReplacement: () => false,
    members: () => members,
    start: () => Promise.reject(new Error('nobody is to be started')),
    async retire(member) {
      retired.push((member as unknown as { name: string }).name);
      ended.resolve();
    },
  };
  return { operations: new Operations({ hands, onReload() {} }), retired, ended: ended.promise };
}

test('one less takes a worker that is still starting, not the last that serves', async () => {
  const { operations, retired, ended } = crewOf({ old: 'ready', young: 'starting' });
  operations.scale(-1);
  await ended;
  assert.deepEqual(retired, ['young']);
});

test('one less takes the worker that has served longest where all serve', async () => {
  const { operations, retired, ended } = crewOf({ old: 'ready', young: 'ready' });
  operations.scale(-1);
  await ended;
  assert.deepEqual(retired, ['old']);
});
