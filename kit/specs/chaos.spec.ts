import { expect, test } from '@playwright/test';
import { sharing } from '../../e2e/support/compose-fixtures.ts';
import { seedOfThisRun } from '../../e2e/support/seed.ts';
import { asText } from '../chaos/account/report.ts';
import { startChaosStack } from '../chaos/chaos-stack.ts';
import { FAULTS } from '../chaos/faults/faults.ts';
import { runChaos } from '../chaos/run.ts';

const FAULT_KINDS = Object.keys(FAULTS);
const MINUTES = 10;
const TIMEOUT_MS = 20 * 60_000;

test('guarantees 1 to 6 hold under each kind of process fault and of file damage', async () => {
  test.setTimeout(TIMEOUT_MS);
  const seed = seedOfThisRun();
  console.log(`chaos: seed ${seed} (repeat with E2E_SEED=${seed})`);
  const stack = await startChaosStack(sharing);
  try {
    const report = await runChaos(stack, {
      seed,
      faults: FAULT_KINDS.length,
      minutes: MINUTES,
      damageRounds: 1,
      sharing,
      progress: (line) => console.log(`chaos: ${line}`),
    });
    console.log(asText(report));
    await test.info().attach('report.json', {
      body: JSON.stringify(report, null, 2),
      contentType: 'application/json',
    });
    expect(report.broken).toEqual([]);
    const done = FAULT_KINDS.filter((kind) => report.faults[kind] === 1);
    expect(done, 'each kind once').toEqual(FAULT_KINDS);
    expect(report.damage.length).toBeGreaterThanOrEqual(4);
  } finally {
    await stack.down();
  }
});
