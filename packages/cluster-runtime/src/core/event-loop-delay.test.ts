import assert from 'node:assert/strict';
import test from 'node:test';
import { Registry } from 'prom-client';
import { until } from '../../../prom-multiproc/test/support/poll.ts';
import { observeEventLoopDelay } from './event-loop-delay.ts';

const BLOCK_MS = 500;
/** A bucket bound below BLOCK_MS. */
const BOUND = '0.25';

test('a blocked event loop gives one sample of at least the time that callbacks waited', async () => {
  const register = new Registry();
  observeEventLoopDelay({ name: 'delay_seconds', help: 'x', registers: [register] });
  const value = async (series: string) =>
    Number((await register.metrics()).split(`\n${series} `)[1]?.split('\n')[0]);
  const slow = async () =>
    (await value('delay_seconds_count')) - (await value(`delay_seconds_bucket{le="${BOUND}"}`));
  const before = await slow();
  const blockedUntil = performance.now() + BLOCK_MS;
  while (performance.now() < blockedUntil);
  await until('the sample', async () => (await slow()) > before);
  assert.ok((await value('delay_seconds_sum')) >= Number(BOUND));
});

test('the event loop is sampled ten times a second for a second after work begins, and otherwise once a second', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const register = new Registry();
  const { wake } = observeEventLoopDelay({ name: 'delay_seconds', help: 'x', registers: [register] });
  const samples = async () => Number(/^delay_seconds_count (\d+)$/m.exec(await register.metrics())?.[1]);
  const inSeconds = async (seconds: number) => {
    const before = await samples();
    for (let i = 0; i < seconds * 10; i++) t.mock.timers.tick(100);
    return (await samples()) - before;
  };
  assert.equal(await inSeconds(1), 10);
  assert.equal(await inSeconds(5), 5);
  wake();
  assert.equal(await inSeconds(1), 10);
  wake();
  assert.equal(await inSeconds(0.5), 5);
  wake();
  assert.equal(await inSeconds(1), 10);
  assert.equal(await inSeconds(3), 3);
});
