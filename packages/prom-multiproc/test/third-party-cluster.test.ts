/**
 * prom-client's default metrics and the cluster support of a middleware, in a cluster whose code does not import this library: it
 * is preloaded (`register.ts`).
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from './support/poll.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const REQUESTS = 'http_request_duration_seconds_count{status_code="200",method="GET",path="/hello"}';
const COLLECTIONS = 'nodejs_gc_duration_seconds_count{kind="major"}';

async function start(t: TestContext, directory: string) {
  const primary = fork(join(import.meta.dirname, 'support/third-party-cluster.ts'), {
    execArgv: ['--expose-gc', '--import', join(import.meta.dirname, '../src/register.ts')],
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
  });
  t.after(() => void primary.kill('SIGKILL'));
  const [{ port, metricsPort }] = await once(primary, 'message');
  // One connection for each request, because the primary distributes connections to its workers.
  const get = async (path: string, at: number) => {
    const answer = await fetch(`http://127.0.0.1:${at}${path}`, { headers: { connection: 'close' } });
    assert.equal(answer.status, 200);
    return answer.text();
  };
  return {
    metrics: () => get('/metrics', metricsPort),
    /** Resolves when the primary sees the next worker exit. */
    exit: () => once(primary, 'message'),
    /** Sends requests one after the other. @returns the pids of the workers that answered. */
    async hello(times: number): Promise<Set<number>> {
      const answered = new Set<number>();
      for (let i = 0; i < times; i++) answered.add(Number(await get('/hello', port)));
      return answered;
    },
  };
}

test('the primary shows the exact number of requests and garbage collections of its workers, also after one is killed', async (t) => {
  const cluster = await start(t, temporaryDirectory(t));
  const total = async (wanted: number) => {
    // Both are counted after the answer is sent.
    await until(`${wanted} requests and as many collections`, async () => {
      const text = await cluster.metrics();
      const requests = sample(text, REQUESTS) ?? 0;
      assert.ok(requests <= wanted, `${requests} of ${wanted}`);
      return requests === wanted && (sample(text, COLLECTIONS) ?? 0) >= wanted;
    });
    const text = await cluster.metrics();
    assert.equal(text.match(/^# TYPE nodejs_gc_duration_seconds /gm)?.length, 1);
    assert.equal(text.match(/^nodejs_version_info\{/gm)?.length, 1);
  };
  const workers = await cluster.hello(30);
  assert.equal(workers.size, 3);
  await total(30);
  const [victim] = workers;
  const exited = cluster.exit();
  process.kill(victim!, 'SIGKILL');
  await exited;
  await until(
    'the dead worker to be seen',
    async () => sample(await cluster.metrics(), 'prom_multiproc_workers') === 2,
  );
  await total(30);
  const left = await cluster.hello(20);
  assert.ok(!left.has(victim!));
  await total(50);
});
