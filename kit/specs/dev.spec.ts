import { expect, test } from '@playwright/test';
import { Checkouts } from './support/checkouts.ts';
import { type Loop, startLoop, work } from './support/dev-loop.ts';

const TIMEOUT_MS = 12 * 60_000;

test('scripts/dev makes a saved file live and keeps counts; broken code is reported and leaves the old worker serving', async () => {
  test.setTimeout(TIMEOUT_MS);
  const checkouts = new Checkouts();
  const clone = checkouts.clone('dev');
  let loop: Loop | undefined;
  try {
    loop = await startLoop(clone, ['--inspect'], { ...checkouts.env, INSPECT_PORT: '0' });
    await work(clone, loop, async () => `http://127.0.0.1:${await checkouts.publishedPort('app', 9229)}`);
    expect(await loop.stop(), loop.output()).toBe(0);
    expect(await checkouts.containers()).toEqual({});
  } finally {
    loop?.kill();
    await checkouts.remove();
  }
});
