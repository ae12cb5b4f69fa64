import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LimitEvents, limitsExceeded } from './limits.ts';

const HELD: LimitEvents = { outOfMemory: false, restarts: 0, oomKills: 0, processesRefused: 0 };

test('a container within its limits is not reported', async () => {
  assert.deepEqual(await limitsExceeded({ services: ['app', 'nginx'], limitEvents: async () => HELD }), []);
});

for (const event of [
  { outOfMemory: true },
  { restarts: 1 },
  { oomKills: 1 },
  { processesRefused: 3 },
  { oomKills: Number.NaN },
]) {
  test(`${JSON.stringify(event)} of any service is reported`, async () => {
    const limitEvents = async (service: string) => (service === 'last' ? { ...HELD, ...event } : HELD);
    const met = await limitsExceeded({ services: ['app', 'nginx', 'last'], limitEvents });
    assert.equal(met.length, 1);
    assert.match(met[0]!, /^last: the container exceeded a limit: /);
  });
}

test('a container that cannot be checked is reported, and the next ones are still checked', async () => {
  const checked: string[] = [];
  const limitEvents = async (service: string) => {
    checked.push(service);
    if (service === 'app') throw new Error('no such container');
    return HELD;
  };
  const met = await limitsExceeded({ services: ['app', 'nginx'], limitEvents });
  assert.deepEqual(met, ["app: the container's limits cannot be checked: Error: no such container"]);
  assert.deepEqual(checked, ['app', 'nginx']);
});
