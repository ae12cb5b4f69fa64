import { expect, test } from '../support/fixtures.ts';
import { figures, measureUnderKills } from '../support/measurement.ts';
import { seedOfThisRun } from '../support/seed.ts';

const SECONDS = 8;
const KILLS = 6;

test('the measurement of monotonic.spec.ts detects a falling counter (/demo/unshared)', async ({
  stack,
}, info) => {
  const measured = await measureUnderKills(stack, {
    scrapeUrl: `${stack.metricsUrl}/demo/unshared`,
    seconds: SECONDS,
    kills: KILLS,
    seed: seedOfThisRun(),
  });
  await info.attach('figures.json', {
    body: JSON.stringify(measured, null, 2),
    contentType: 'application/json',
  });
  console.log(`control: ${figures(measured)}`);
  await stack.settle();

  const series = new Set(measured.scraping.decreases.map((decrease) => decrease.series));
  expect([...series]).toContain('demo_unshared_requests_total');
});
