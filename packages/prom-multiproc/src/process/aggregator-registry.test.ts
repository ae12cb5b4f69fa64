import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { sample, samples } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';

for (const primaryShares of [true, false]) {
  const which = primaryShares ? 'that shares' : 'that does not share';
  test(`clusterMetrics() of a primary ${which} returns the totals once, not once per worker`, async (t) => {
    const primary = fork(join(import.meta.dirname, '../../test/support/aggregating-cluster.ts'), {
      env: {
        ...process.env,
        PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
        PRIMARY_SHARES: primaryShares ? '1' : '0',
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    t.after(() => primary.kill('SIGKILL'));
    const [{ first, afterDeath }] = await once(primary, 'message');
    assert.equal(sample(first, 'requests_total'), 6, first);
    // Aggregators unknown to prom-client must not crash the primary.
    assert.deepEqual(samples(first, 'g_').toSorted(), [
      'g_all{worker="0"} 7',
      'g_all{worker="1"} 7',
      'g_all{worker="2"} 7',
      'g_max 7',
      'g_median 21',
      'g_mostrecent 7',
    ]);
    if (primaryShares)
      assert.equal(sample(afterDeath, 'requests_total'), 6, 'the counts of a dead worker stay');
  });
}
