/** What alternatives.md says of a client's own way to add up the workers of a cluster. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const CLUSTER = join(import.meta.dirname, 'fixtures/cluster-of-the-client.ts');

/** A primary whose one worker has counted seven; `total` is what it shows once that worker has ended as told. */
async function shownAfter(t: TestContext, end: 'shutdown' | 'kill') {
  const primary: ChildProcess = fork(CLUSTER, [end]);
  t.after(() => void primary.kill('SIGKILL'));
  const [shown] = await once(primary, 'message');
  return shown as { before: number; after: number };
}

test('@prometheus-io/client keeps the counts of a worker that calls shutdown() before it ends', async (t) => {
  assert.deepEqual(await shownAfter(t, 'shutdown'), { before: 7, after: 7 });
});

test('@prometheus-io/client loses the counts of a worker that is killed', async (t) => {
  assert.deepEqual(await shownAfter(t, 'kill'), { before: 7, after: 0 });
});
