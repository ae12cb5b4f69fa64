/** Checks what alternatives.md states about cluster aggregation in @prometheus-io/client. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const CLUSTER = join(import.meta.dirname, 'fixtures/cluster-of-the-client.ts');

/** The total that a primary shows before and after the exit of its only worker, which has counted 7. */
async function totalsAroundExit(t: TestContext, exit: 'shutdown' | 'kill') {
  const primary: ChildProcess = fork(CLUSTER, [exit]);
  t.after(() => void primary.kill('SIGKILL'));
  const [totals] = await once(primary, 'message');
  return totals as { before: number; after: number };
}

test('@prometheus-io/client keeps the counts of a worker that calls shutdown() before it exits', async (t) => {
  assert.deepEqual(await totalsAroundExit(t, 'shutdown'), { before: 7, after: 7 });
});

test('@prometheus-io/client loses the counts of a worker that is killed', async (t) => {
  assert.deepEqual(await totalsAroundExit(t, 'kill'), { before: 7, after: 0 });
});
