import assert from 'node:assert/strict';
import cluster from 'node:cluster';
import { once } from 'node:events';
import test from 'node:test';
import { logged } from '../../test/support/logged.ts';
import { WorkerPool } from './worker-pool.ts';

test('a worker process that cannot be created is logged as a failed start with its cause', async (t) => {
  const lines = logged(t);
  // Without its working directory the system creates no process.
  cluster.setupPrimary({ cwd: '/no/such/directory', stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  const pool = new WorkerPool({
    workers: 1,
    giveUpMs: 60_000,
    startTimeoutMs: 60_000,
    drainWaitMs: 0,
    drainTimeoutMs: 0,
  });
  pool.boot();
  assert.deepEqual(await once(pool, 'exit'), ['not-started']);
  await pool.drain();
  const warnings = lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
  assert.deepEqual(warnings.slice(0, 2), ['cannot start a worker', 'worker exited; replacing it']);
  assert.match(String(lines.find(({ error }) => error !== undefined)!.error), /ENOENT/);
});
