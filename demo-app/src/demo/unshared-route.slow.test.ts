import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { ports, runApp } from '../../../packages/cluster-runtime/test/support/run-app.ts';
import { allReady, statusWhen } from '../../../packages/cluster-runtime/test/support/status.ts';

const MAIN = fileURLToPath(new URL('./testing/ping-main.ts', import.meta.url));

test('the unshared counter exists only with DEMO_CONTROLS=1', async (t) => {
  const [off, on] = [runApp(t, MAIN), runApp(t, MAIN, { DEMO_CONTROLS: '1', WORKERS: '1' })];
  assert.equal((await fetch(`${(await ports(off)).metrics}/demo/unshared`)).status, 404);
  const { app: url, metrics } = await ports(on);
  await (await fetch(`${url}/ping`)).text();
  // A worker that gets no CPU for a second causes a 503.
  let control = await fetch(`${metrics}/demo/unshared`);
  while (control.status === 503) control = await fetch(`${metrics}/demo/unshared`);
  assert.equal(control.status, 200);
  assert.match(await control.text(), /^demo_unshared_requests_total 1$/m);
});

test('the unshared counter of a stopped worker is a 503 after a second', async (t) => {
  const app = runApp(t, MAIN, { DEMO_CONTROLS: '1', WORKERS: '1' });
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  process.kill(workers[0]!.pid, 'SIGSTOP');
  const control = await fetch(`${metrics}/demo/unshared`, { signal: AbortSignal.timeout(60_000) });
  assert.equal(control.status, 503);
});
