/** Process-wide metrics, such as memory, count once regardless of the number of threads that share. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../../test/support/poll.ts';
import type { Usage } from '../../test/support/process-with-threads.ts';
import { sample } from '../../test/support/sample.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { Reader } from '../reader.ts';
import { isProcessWide, processToken } from './process-wide-metrics.ts';

const RESIDENT = 'app_process_resident_memory_bytes';
const DESCRIPTORS = 'app_process_open_fds';
const CPU = 'app_process_cpu_seconds_total';

function start(t: TestContext, directory: string, env: Record<string, string>): ChildProcess {
  const child = fork(join(import.meta.dirname, '../../test/support/process-with-threads.ts'), {
    env: {
      ...process.env,
      PROMETHEUS_MULTIPROC_DIR: directory,
      PROMETHEUS_MULTIPROC_REFRESH_MS: '50',
      ...env,
    },
  });
  t.after(() => void child.kill('SIGKILL'));
  return child;
}

async function ask(child: ChildProcess, command: 'usage' | { end: number }): Promise<Usage> {
  const answered = once(child, 'message') as Promise<[Usage]>;
  child.send(command);
  return (await answered)[0];
}

function observe(t: TestContext, directory: string) {
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const living = () => reader.slots().filter(({ live }) => live);
  return {
    valueIn: (slot: number, series: string) => sample(reader.workerMetrics(slot)!, series),
    value: (series: string) => sample(reader.metrics(), series),
    /** Living slots that show a metric. */
    having: (name: string) =>
      living()
        .map(({ slot }) => slot)
        .filter((slot) => sample(reader.workerMetrics(slot) ?? '', name) !== undefined),
    living: () => living().length,
    heartbeats: () => living().map(({ heartbeat }) => heartbeat),
  };
}

/** Waits for several refreshes of each thread, after which it has decided whether it counts. */
async function untilDecided(observed: ReturnType<typeof observe>): Promise<void> {
  let before = observed.heartbeats();
  for (let round = 0; round < 4; round++) {
    await until('a refresh of each thread', () => {
      const now = observed.heartbeats();
      return now.length === before.length && now.every((beat, i) => beat > before[i]!);
    });
    before = observed.heartbeats();
  }
}

test('a process with two worker threads, beside two other processes: process-wide metrics are counted three times, not five', async (t) => {
  const directory = temporaryDirectory(t);
  const env = { MAIN_HAS_METRICS: '1' };
  const processes = [
    start(t, directory, { ...env, THREADS: '2' }),
    start(t, directory, env),
    start(t, directory, env),
  ];
  const observed = observe(t, directory);
  await until('five slots', () => observed.living() === 5);
  await until(`three slots that show ${RESIDENT}`, () => observed.having(RESIDENT).length === 3);
  await untilDecided(observed);
  for (const name of [RESIDENT, DESCRIPTORS, CPU, 'app_process_max_fds', 'app_process_virtual_memory_bytes'])
    assert.equal(observed.having(name).length, 3, name);
  assert.equal(
    observed.having('app_nodejs_eventloop_lag_seconds').length,
    5,
    'each thread reports its own per-thread metrics',
  );
  assert.equal(observed.value('started_total'), 5);

  const usage = await Promise.all(processes.map((one) => ask(one, 'usage')));
  const sum = (of: keyof Usage) => usage.reduce((total, one) => total + one[of], 0);
  const near = (shown: number, own: number) =>
    assert.ok(Math.abs(shown / own - 1) < 0.25, `${shown}, ${own}`);
  near(observed.value(RESIDENT)!, sum('residentBytes'));
  near(observed.value(DESCRIPTORS)!, sum('descriptors'));
  assert.ok(observed.value(CPU)! > 0);
  const counted = observed.value(CPU)!;
  const after = await Promise.all(processes.map((one) => ask(one, 'usage')));
  assert.ok(counted <= after.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0));
});

test('if only worker threads have process-wide metrics, one counts, and when it ends another continues its counts', async (t) => {
  const directory = temporaryDirectory(t);
  const child = start(t, directory, { THREADS: '2' });
  const observed = observe(t, directory);
  await until('three slots', () => observed.living() === 3);
  await until(`one slot that shows ${RESIDENT}`, () => observed.having(RESIDENT).length === 1);
  await untilDecided(observed);
  const [counting] = observed.having(RESIDENT);
  for (const name of [RESIDENT, DESCRIPTORS, CPU]) assert.deepEqual(observed.having(name), [counting], name);
  await until(`a value of ${CPU} above 0`, () => observed.value(CPU)! > 0);
  const before = observed.value(CPU)!;

  await ask(child, { end: observed.valueIn(counting!, 'thread_index')! });
  await until('the thread to end', () => observed.living() === 2);
  const other = await until('another thread that counts', () => observed.having(RESIDENT)[0]);
  assert.notEqual(other, counting);
  await untilDecided(observed);
  const now = observed.value(CPU)!;
  assert.ok(now >= before, `${now} after ${before}`);
  const { cpuSeconds } = await ask(child, 'usage');
  assert.ok(now <= cpuSeconds, `${now} of ${cpuSeconds}`);
});

test('processToken() is stable, and isProcessWide() accepts default metrics with any prefix', () => {
  assert.notEqual(processToken(), 0n);
  assert.equal(processToken(), processToken());
  for (const name of [RESIDENT, 'process_cpu_user_seconds_total', 'process_heap_bytes'])
    assert.ok(isProcessWide(name));
  for (const name of ['nodejs_eventloop_lag_seconds', 'process_start_time_seconds', 'http_requests_total'])
    assert.ok(!isProcessWide(name));
});
