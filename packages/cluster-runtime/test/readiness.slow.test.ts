import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import type { Status } from '../src/core/status.ts';
import { ports, runApp } from './support/run-app.ts';
import { allReady, pids, statusWhen } from './support/status.ts';

const ALL_HOOKS = fileURLToPath(new URL('./support/all-hooks-main.ts', import.meta.url));

function prepare(t: TestContext, reason: string, env: Record<string, string> = {}) {
  const READY_FILE = join(temporaryDirectory(t), 'reason');
  const answer = (text: string) => writeFileSync(READY_FILE, text);
  answer(reason);
  return { app: runApp(t, ALL_HOOKS, { READY_FILE, ...env }), answer };
}

test('an application that is not ready at its start waits without listening, then serves', async (t) => {
  const { app, answer } = prepare(t, 'no database');
  const { port } = await app.line('metrics server listening');
  const metrics = `http://127.0.0.1:${port}`;
  for (const reason of ['no database', 'still no database']) {
    answer(reason);
    const { workers } = await statusWhen(metrics, (s) => s.workers.every((one) => one.notReady === reason));
    assert.deepEqual(
      workers.map(({ state }) => state),
      ['starting', 'starting'],
    );
  }
  answer('');
  const { app: url } = await ports(app);
  await statusWhen(metrics, allReady);
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  const ends = app.lines.filter(({ msg }) => /kill|exit|giv/.test(msg));
  assert.deepEqual(ends, []);
});

test('a reload to an application that does not become ready fails with its reason, and the existing workers keep serving', async (t) => {
  const { app, answer } = prepare(t, '');
  const { app: url, metrics } = await ports(app);
  const before = pids(await statusWhen(metrics, allReady));
  answer('no database');
  app.child.kill('SIGHUP');
  const waiting = ({ workers }: Status) =>
    workers.find(({ state, notReady }) => state === 'starting' && notReady);
  const { pid } = waiting(await statusWhen(metrics, (status) => waiting(status) !== undefined))!;
  assert.equal((await fetch(url)).status, 200);
  process.kill(pid, 'SIGKILL');
  const { reload } = await statusWhen(metrics, (status) => status.reload.ended === 1);
  assert.match(reload.error, /^the new worker \d+ did not become ready \(SIGKILL: no database\)/);
  const after = await statusWhen(metrics, allReady);
  assert.deepEqual([pids(after), after.reloading], [before, false]);
});

test('a worker that is no longer ready answers 503 and the reason at /readyz, logs it once, stays alive and serves, also while ready() hangs', async (t) => {
  const { app, answer } = prepare(t, '', { WORKERS: '1' });
  const { app: url, metrics } = await ports(app);
  const [pid] = pids(await statusWhen(metrics, allReady));
  const readiness = async () => {
    const answered = await fetch(`${url}/readyz`);
    return `${answered.status} ${await answered.text()}`;
  };
  for (const [reason, seen] of [
    ['no database', '503 no database'],
    ['hangs', '503 ready() did not answer within 3000 ms'],
    ['', '200 ok'],
  ] as const) {
    answer(reason);
    await until(seen, async () => (await readiness()) === seen);
    const [livez, own] = [await fetch(`${url}/livez`), await fetch(url)];
    assert.deepEqual([livez.status, own.status], [200, 200]);
  }
  const { workers } = await statusWhen(metrics, allReady);
  assert.deepEqual([workers[0]!.pid, workers[0]!.notReady], [pid, undefined]);
  assert.deepEqual(
    app.lines.filter(({ pid: by }) => by === pid).map(({ msg, reason }) => [msg, reason]),
    [
      ['not ready', 'no database'],
      ['not ready', 'ready() did not answer within 3000 ms'],
      ['ready', undefined],
    ],
  );
});

test('an application that is not ready ends at SIGTERM', async (t) => {
  const { app } = prepare(t, 'no database');
  await app.line('not ready');
  app.child.kill('SIGTERM');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
});
