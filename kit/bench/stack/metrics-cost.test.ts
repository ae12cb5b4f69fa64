import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeReport } from './fake-report.ts';
import { costRound } from './metrics-cost.ts';
import type { trial } from './trial.ts';

/** Three stacks whose requests cost 30, 20 and 10 microseconds, and the order in which they get load. */
function sides(failing?: string) {
  const loaded: string[] = [];
  const used: Record<string, number> = { on: 0, control: 0, off: 0 };
  const stack = (name: string) => ({
    publicUrl: name,
    processorMicroseconds: async () => used[name]!,
    usage: async () => ({ cpuMicroseconds: 0, memoryBytes: name.length }),
  });
  const cost: Record<string, number> = { on: 30, control: 20, off: 10 };
  const ask: typeof trial = async ({ url, rate, seconds }) => {
    const name = url.replace('/ping', '');
    loaded.push(name);
    const intended = rate * seconds;
    used[name]! += cost[name]! * intended;
    return fakeReport({ intended, byStatus: { 200: name === failing ? intended - 1 : intended } });
  };
  return { loaded, ask, stacks: { on: stack('on'), control: stack('control'), off: stack('off') } };
}

const LOAD = { rate: 50, seconds: 2 };

test('the cost of a stack is the processor time of its processes per request', async () => {
  const { ask, stacks } = sides();
  assert.deepEqual(await costRound(stacks, 0, LOAD, ask), {
    cost: { on: 30, control: 20, off: 10 },
    memoryBytes: { on: 2, control: 7, off: 3 },
  });
});

test('each round begins with another stack', async () => {
  const { loaded, ask, stacks } = sides();
  for (const round of [0, 1, 2, 3]) await costRound(stacks, round, LOAD, ask);
  assert.deepEqual(
    loaded.filter((_, i) => i % 3 === 0),
    ['on', 'control', 'off', 'on'],
  );
});

for (const name of ['on', 'control', 'off']) {
  test(`a round in which ${name} did not answer every request is dropped`, async () => {
    const { ask, stacks } = sides(name);
    assert.equal(await costRound(stacks, 0, LOAD, ask), undefined);
  });
}
