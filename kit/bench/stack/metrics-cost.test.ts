import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeReport } from './fake-report.ts';
import { costRound } from './metrics-cost.ts';
import type { trial } from './trial.ts';

/** Three stacks of which each request costs 30, 20 and 10 microseconds, and what was asked of which. */
function sides(failing?: string) {
  const asked: string[] = [];
  const used: Record<string, number> = { on: 0, alike: 0, off: 0 };
  const stack = (name: string) => ({
    publicUrl: name,
    processorMicroseconds: async () => used[name]!,
    usage: async () => ({ memoryBytes: name.length, processes: 1 }),
  });
  const cost: Record<string, number> = { on: 30, alike: 20, off: 10 };
  const ask: typeof trial = async ({ url, rate, seconds }) => {
    const name = url.replace('/ping', '');
    asked.push(name);
    const intended = rate * seconds;
    used[name]! += cost[name]! * intended;
    return fakeReport({ intended, byStatus: { 200: name === failing ? intended - 1 : intended } });
  };
  return { asked, ask, stacks: { on: stack('on'), alike: stack('alike'), off: stack('off') } };
}

const LOAD = { rate: 50, seconds: 2 };

test('each stack costs what its processes used, for one request', async () => {
  const { ask, stacks } = sides();
  assert.deepEqual(await costRound(stacks, 0, LOAD, ask), {
    cost: { on: 30, alike: 20, off: 10 },
    memoryBytes: { on: 2, alike: 5, off: 3 },
  });
});

test('who begins changes from round to round', async () => {
  const { asked, ask, stacks } = sides();
  for (const round of [0, 1, 2, 3]) await costRound(stacks, round, LOAD, ask);
  assert.deepEqual(
    asked.filter((_, i) => i % 3 === 0),
    ['on', 'alike', 'off', 'on'],
  );
});

for (const name of ['on', 'alike', 'off']) {
  test(`a round in which ${name} did not answer all is dropped`, async () => {
    const { ask, stacks } = sides(name);
    assert.equal(await costRound(stacks, 0, LOAD, ask), undefined);
  });
}
