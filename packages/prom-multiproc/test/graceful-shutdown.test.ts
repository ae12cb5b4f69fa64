/** Features that only @prometheus-io/client has: `shutdown()` of workers, and registries of worker threads. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

for (const [who, program, counted] of [
  ['a worker', 'shutdown-cluster.cjs', 4],
  ['a worker thread', 'thread-registry.cjs', 6],
] as const) {
  for (const shares of [true, false]) {
    const which = shares ? 'that shares' : 'that does not share';
    test(`a primary ${which} counts ${who} once after its shutdown()`, async (t) => {
      const primary = fork(join(import.meta.dirname, 'support', program), {
        env: {
          ...process.env,
          PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
          PRIMARY_SHARES: shares ? '1' : '0',
        },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      t.after(() => primary.kill('SIGKILL'));
      const [{ totals, code }] = await once(primary, 'message');
      assert.equal(code, 0, 'shutdown() resolves');
      const [before, between, after] = totals.map((text: string) => sample(text, 'requests_total'));
      assert.equal(before, counted);
      // A primary that does not share misses the counts in the slot until another worker takes it.
      assert.equal(between, shares ? counted : counted - 2);
      assert.equal(after, counted + 2);
    });
  }
}
