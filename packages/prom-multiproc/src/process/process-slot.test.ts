import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { AppProcess } from '../../test/support/application.ts';
import { TextReader } from '../../test/support/directory-text.ts';
import { until } from '../../test/support/poll.ts';
import { sample } from '../../test/support/sample.ts';
import { openWriter } from '../../test/support/slot-files.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';

const COUNTED = 'requests_total{route="/"}';

async function startCluster(t: TestContext, directory: string) {
  const primary = fork(join(import.meta.dirname, '../../test/support/cluster-application.ts'), {
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  t.after(() => primary.kill('SIGKILL'));
  const [{ worker }] = (await once(primary, 'message')) as [{ worker: number }];
  t.after(() => killIfAlive(worker, directory));
  return { primary, worker };
}

/** The state letter of proc_pid_stat(5): T if the process is stopped; undefined if it has ended. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
    return state === 'Z' ? undefined : state;
  } catch (error) {
    if (hasEnded(error)) return undefined;
    throw error;
  }
}

/** Whether the error means that the process no longer exists. */
function hasEnded(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!);
}

/** Kills a worker that has outlived its primary, if the pid still belongs to that worker. */
function killIfAlive(pid: number, directory: string): void {
  try {
    if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(directory)) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasEnded(error)) throw error;
  }
}

test('a worker is killed with its primary even if it is stopped, and its slot becomes free', async (t) => {
  const directory = temporaryDirectory(t);
  const { primary, worker } = await startCluster(t, directory);
  const reader = new TextReader(t, directory);
  assert.deepEqual(
    reader.slots().map(({ live }) => live),
    [true],
  );
  process.kill(worker, 'SIGSTOP');
  await until('the worker to stop', () => stateOf(worker) === 'T');
  assert.equal(sample(reader.text(), COUNTED), 1, 'the counts of a stopped worker are shown');
  primary.kill('SIGKILL');
  // The process state is not enough: other threads may still hold its files after the first thread ended.
  await until('the worker to end', () => reader.slots().every(({ live }) => !live));
  const successor = openWriter(directory);
  assert.equal(successor.slot, 0);
  assert.equal(sample(reader.text(), COUNTED), 1, 'its counts stay');
});

test('a worker thread has its own slot, which becomes free when it ends', async (t) => {
  const directory = temporaryDirectory(t);
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  t.after(() => {
    if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
    else process.env.PROMETHEUS_MULTIPROC_DIR = before;
  });
  const reader = new TextReader(t, directory);
  for (let round = 1; round <= 3; round++) {
    const threads = [0, 1].map(
      () =>
        new Worker(new URL('../../test/support/counting-thread.ts', import.meta.url), { env: process.env }),
    );
    await Promise.all(threads.map((thread) => once(thread, 'message')));
    assert.equal(sample(reader.text(), COUNTED), 2 * round);
    assert.deepEqual(
      reader.slots().map(({ live }) => live),
      [true, true],
    );
    await Promise.all(threads.map((thread) => thread.terminate()));
    assert.deepEqual(
      reader.slots().map(({ live }) => live),
      [false, false],
    );
  }
  assert.equal(readdirSync(directory).length, 2);
});

test('with a directory of another owner metrics() rejects, its message says what to do, and the process keeps counting', async (t) => {
  // As root, uses a directory given to another user; otherwise `/`, which belongs to root.
  const isRoot = process.getuid!() === 0;
  const directory = isRoot ? join(temporaryDirectory(t), 'metrics') : '/';
  if (isRoot) {
    mkdirSync(directory);
    chownSync(directory, 65534, 65534);
  }
  const app = await AppProcess.start(t, directory);
  await app.call('plain', 'inc');
  await app.call('plain', 'inc');
  await assert.rejects(
    app.metrics(),
    /belongs to user id \d+, but this process runs as user id \d+: .*chown/,
  );
  assert.equal((await app.warnings()).length, 1);
});
