/** A cluster during a rollout: some workers share, some do not, some do not answer. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';

const PROGRAM = fileURLToPath(new URL('../../test/support/mixed-cluster.cjs', import.meta.url));

async function totals(t: { after(fn: () => void): void }, kinds: readonly string[]): Promise<string[]> {
  const primary = fork(PROGRAM, [...kinds], {
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
  });
  t.after(() => void primary.kill('SIGKILL'));
  const [{ texts }] = (await once(primary, 'message')) as [{ texts: string[] }];
  return texts;
}

for (const [what, kinds, right] of [
  ['that share', ['shared', 'shared'], 10],
  ['that share, and that do not', ['shared', 'plain', 'shared', 'plain'], 20],
  ['of which none shares', ['plain', 'plain'], 10],
  ['that do not answer', ['shared', 'silent', 'plain'], 10],
  ['that share and have not counted', ['shared', 'idle', 'plain'], 10],
] as const) {
  test(`clusterMetrics() of a primary that shares counts each worker once: workers ${what}`, async (t) => {
    for (const text of await totals(t, kinds)) {
      assert.equal(sample(text, 'x_total'), right, text);
      assert.equal(sample(text, 'g{worker="0"}'), kinds.includes('shared' as never) ? 7 : undefined, text);
    }
  });
}
