/** libuv aborts the process if the kernel refuses a thread, so all threads must exist before the first scrape. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { ports, runApp } from './support/run-app.ts';
import { allReady, statusWhen } from './support/status.ts';

const MAIN = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));

const threadsOf = (pid: number) => readdirSync(`/proc/${pid}/task`).length;

test('the first compressed scrape starts no thread', async (t) => {
  const app = runApp(t, MAIN, { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
  const { metrics } = await ports(app);
  const { primary } = await statusWhen(metrics, allReady);
  const before = threadsOf(primary.pid);
  const answer = await fetch(`${metrics}/metrics`, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  await answer.text();
  assert.equal(threadsOf(primary.pid), before);
});
