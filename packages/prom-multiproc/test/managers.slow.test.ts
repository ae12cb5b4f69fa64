/** Totals and slots are the same for every way to start the processes of an application. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Reader } from '../src/reader.ts';
import { COUNTS_PER_COPY } from './support/managed-copies.ts';
import { until } from './support/poll.ts';
import type { Report } from './support/process-manager.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const PROGRAM = join(import.meta.dirname, 'support/managed-worker.ts');

interface Copy {
  /** Ends it at once, without a shutdown. Resolves when it has ended. */
  kill(): Promise<void>;
}

type Start = (t: TestContext, env: NodeJS.ProcessEnv) => Promise<Copy>;

const MANAGERS: Record<string, Start> = {
  'separate processes': async (t, env) => {
    const child = fork(PROGRAM, { env });
    t.after(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    return {
      async kill() {
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  },
  'node:cluster': async (t, env) => {
    cluster.setupPrimary({ exec: PROGRAM });
    const worker = cluster.fork(env);
    t.after(() => worker.process.kill('SIGKILL'));
    await once(worker, 'message');
    return {
      async kill() {
        worker.process.kill('SIGKILL');
        await once(worker, 'exit');
      },
    };
  },
  'worker threads': async (t, env) => {
    const thread = new Worker(PROGRAM, { env });
    t.after(() => void thread.terminate());
    await once(thread, 'message');
    return { kill: async () => void (await thread.terminate()) };
  },
};

function observer(t: TestContext) {
  const directory = temporaryDirectory(t);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  return {
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
    slots: () => readdirSync(directory).length,
    /** Checks the totals of `copies` copies, of which `alive` are alive. */
    expectCounted(copies: number, alive: number) {
      const text = reader.metrics();
      assert.equal(sample(text, 'requests_total{route="/"}'), copies * COUNTS_PER_COPY);
      assert.equal(sample(text, 'seconds_bucket{le="+Inf"}'), copies * COUNTS_PER_COPY);
      assert.equal(sample(text, 'seconds_sum'), (copies * COUNTS_PER_COPY) / 2);
      assert.equal(sample(text, 'workers'), alive);
      assert.equal(sample(text, 'prom_multiproc_workers'), alive);
    },
  };
}

for (const [manager, start] of Object.entries(MANAGERS)) {
  test(`${manager}: counts are summed, none is lost when a process is killed, and the replacement uses the slot of the killed process`, async (t) => {
    const { env, slots, expectCounted } = observer(t);
    const alive = await Promise.all([1, 2, 3].map(() => start(t, env)));
    expectCounted(3, 3);
    for (let replaced = 0; replaced < 4; replaced++) {
      await alive.shift()!.kill();
      expectCounted(3 + replaced, 2);
      alive.push(await start(t, env));
      expectCounted(4 + replaced, 3);
    }
    assert.equal(slots(), 3);
  });
}

test('no count is lost when a process manager restarts killed copies and reloads them one by one', async (t) => {
  const { env, slots, expectCounted } = observer(t);
  const manager = fork(join(import.meta.dirname, 'support/process-manager.ts'), [PROGRAM, '3'], { env });
  t.after(() => void manager.kill('SIGKILL'));
  const pids = new Map<number, number>();
  let started = 0;
  let reloads = 0;
  manager.on('message', (report: Report) => {
    if ('reloaded' in report) {
      reloads++;
    } else {
      started++;
      pids.set(report.ready, report.pid);
    }
  });
  const copies = (wanted: number) => until(`${wanted} copies`, () => started === wanted);
  await copies(3);
  expectCounted(3, 3);
  for (let kills = 1; kills <= 3; kills++) {
    process.kill(pids.get(kills % 3)!, 'SIGKILL');
    await copies(3 + kills);
    expectCounted(3 + kills, 3);
  }
  assert.equal(slots(), 3);
  for (let round = 1; round <= 2; round++) {
    manager.send('reload');
    await until('the reload', () => reloads === round);
    expectCounted(6 + 3 * round, 3);
    assert.equal(slots(), 4, 'a reload needs one more slot');
  }
});
