import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { observeEventLoopDelay } from './event-loop-delay.ts';

const BLOCK_MS = 500;
/** A bound below what the callbacks then wait at the least. */
const BOUND = '0.25';

test('an event loop that is blocked is one sample as long as what its callbacks waited', async () => {
  const register = new Registry();
  observeEventLoopDelay({ name: 'delay_seconds', help: 'x', registers: [register] });
  const value = async (series: string) =>
    Number((await register.metrics()).split(`\n${series} `)[1]?.split('\n')[0]);
  const slow = async () =>
    (await value('delay_seconds_count')) - (await value(`delay_seconds_bucket{le="${BOUND}"}`));
  const before = await slow();
  const until = performance.now() + BLOCK_MS;
  while (performance.now() < until);
  const deadline = performance.now() + 60_000;
  while (!((await slow()) > before)) {
    assert.ok(performance.now() < deadline, await register.metrics());
    await delay(20);
  }
  assert.ok((await value('delay_seconds_sum')) >= Number(BOUND));
});
