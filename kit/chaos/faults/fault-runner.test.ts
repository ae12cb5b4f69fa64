import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../account/report.ts';
import { FaultWindows } from '../observe/windows.ts';
import { planFaults } from '../plan/plan.ts';
import { Scene } from '../scene.ts';
import { FaultRunner } from './fault-runner.ts';
import { FAULTS, type FaultTypes } from './faults.ts';

const NOTHING_ELSE = {
  faultSeconds: 1,
  undone: [],
  damage: [],
  requests: { answered: 1 },
  books: { wrong: [] },
  failures: { unexplained: [] },
  unexpectedExits: [],
  slots: { tooMany: [] },
  contradictions: [],
  prometheus: undefined,
};

/** A scene with the parts that these tests use. */
const sceneOf = (windows: FaultWindows): Scene => Object.assign(Object.create(Scene.prototype), { windows });

async function run(types: FaultTypes, count: number) {
  const windows = new FaultWindows(1);
  const runner = new FaultRunner(sceneOf(windows), () => {});
  for (const fault of planFaults(7, count, types)) await runner.run({ ...fault, pauseMs: 1 });
  await runner.settle();
  return { runner, windows };
}

test('one entry in the table adds a fault: it is planned by weight and injected, and its resets are expected', async () => {
  const hit: string[] = [];
  const types: FaultTypes = {
    ...Object.fromEntries(
      Object.entries(FAULTS).map(([kind, type]) => [kind, { ...type, perform: async () => true }]),
    ),
    'unplug-disk': {
      weight: 3,
      ends: 'application',
      perform: async (scene, fault) => {
        scene.open(fault).to = Date.now();
        hit.push(fault.kind);
        return true;
      },
    },
  };
  const rounds =
    Object.keys(types).length + Object.values(types).reduce((sum, { weight }) => sum + weight, 0);
  const { runner, windows } = await run(types, rounds);
  assert.equal(hit.length, 1 + 3, 'once in the first round, by weight in the second');
  assert.equal(runner.done['unplug-disk'], 4);
  assert.deepEqual(
    windows.windows.map(({ kind, what }) => [kind, what]),
    Array.from({ length: 4 }, () => ['application', 'unplug-disk']),
  );
  const scrapes = { scrapes: 1, resets: 4 + 2, decreases: [], behind: [], unexplained: [] };
  const found = { ...NOTHING_ELSE, faults: runner.done, faultLog: runner.log, scrapes };
  assert.deepEqual(judge(found as never, types).broken, [], 'including two of kill-primary');
  assert.match(
    judge(found as never).broken.join(),
    /but the primary was killed 2 times/,
    'only the entry makes the resets expected',
  );
});

test('a fault that opens a window without `ends` in its entry is an error', async () => {
  const perform = async (scene: Scene, fault: Parameters<Scene['open']>[0]) =>
    scene.open(fault) !== undefined;
  const { runner } = await run({ silent: { weight: 1, perform } }, 1);
  assert.match(runner.undone[0]!, /^fault 1, silent: .* its entry in the table needs `ends`$/);
});

test('a concurrent fault does not delay others, and an exclusive fault waits for it', async () => {
  const slow = Promise.withResolvers<boolean>();
  const done: string[] = [];
  const say = (what: string) => async () => done.push(what) > 0;
  const types: FaultTypes = {
    slow: { weight: 1, concurrent: true, perform: () => slow.promise.then(say('slow')) },
    quick: { weight: 1, perform: say('quick') },
    alone: { weight: 1, exclusive: true, perform: say('alone') },
  };
  const runner = new FaultRunner(sceneOf(new FaultWindows(1)), () => {});
  const [fault] = [...planFaults(1, 1, types)];
  const of = (kind: string) => ({ ...fault!, kind, type: types[kind]! });
  await runner.run(of('slow'));
  await runner.run(of('quick'));
  const alone = runner.run(of('alone'));
  assert.deepEqual(done, ['quick']);
  slow.resolve(true);
  await alone;
  assert.deepEqual(done, ['quick', 'slow', 'alone']);
});

test('a fault that hits no process is tried up to five times', async () => {
  let tries = 0;
  const { runner } = await run({ blind: { weight: 1, perform: async () => ++tries < 0 } }, 1);
  assert.deepEqual([tries, runner.missed, runner.done.blind, runner.log.length], [5, 5, undefined, 5]);
});
