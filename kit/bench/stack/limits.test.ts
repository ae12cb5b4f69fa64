import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LimitEvents, limitsMet } from './limits.ts';

const HELD: LimitEvents = { outOfMemory: false, restarts: 0, oomKills: 0, processesRefused: 0 };

test('limits that held are no sentence', async () => {
  assert.deepEqual(await limitsMet({ services: ['app', 'nginx'], limitEvents: async () => HELD }), []);
});

for (const event of [
  { outOfMemory: true },
  { restarts: 1 },
  { oomKills: 1 },
  { processesRefused: 3 },
  { oomKills: Number.NaN },
]) {
  test(`${JSON.stringify(event)} of any service is told`, async () => {
    const limitEvents = async (service: string) => (service === 'last' ? { ...HELD, ...event } : HELD);
    const met = await limitsMet({ services: ['app', 'nginx', 'last'], limitEvents });
    assert.equal(met.length, 1);
    assert.match(met[0]!, /^last: a limit of its container was met: /);
  });
}

test('a container that cannot be asked is told, and those after it are asked', async () => {
  const asked: string[] = [];
  const limitEvents = async (service: string) => {
    asked.push(service);
    if (service === 'app') throw new Error('no such container');
    return HELD;
  };
  const met = await limitsMet({ services: ['app', 'nginx'], limitEvents });
  assert.deepEqual(met, [
    'app: it cannot be told whether a limit of its container was met: Error: no such container',
  ]);
  assert.deepEqual(asked, ['app', 'nginx']);
});
