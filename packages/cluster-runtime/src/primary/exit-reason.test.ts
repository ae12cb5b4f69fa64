import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { UNCAUGHT_EXIT_CODE } from '../core/exit-codes.ts';
import { exitReason, KernelOomKills, oomKillFiles } from './exit-reason.ts';
import { followStderr } from './stderr-tail.ts';
import type { WorkerProcess } from './worker-process.ts';

type Exited = Pick<WorkerProcess, 'drainReason' | 'killReason'>;

const NO_REASON: Exited = { drainReason: undefined, killReason: undefined };
const no = () => false;
const yes = () => true;

for (const [what, worker, code, signal, heapWasFull, kernelKilled, reason] of [
  ['an exit code', NO_REASON, 3, null, false, no, 'exit'],
  ['an exit with 0 without a drain', NO_REASON, 0, null, false, no, 'exit'],
  ['a process that failed to fork', NO_REASON, null, null, false, no, 'not-started'],
  ['an uncaught exception', NO_REASON, UNCAUGHT_EXIT_CODE, null, false, no, 'uncaught'],
  ['a signal', NO_REASON, null, 'SIGSEGV', false, no, 'SIGSEGV'],
  ['an abort', NO_REASON, null, 'SIGABRT', false, no, 'SIGABRT'],
  ['a full heap', NO_REASON, null, 'SIGABRT', true, no, 'oom'],
  ['a SIGKILL from outside', NO_REASON, null, 'SIGKILL', false, no, 'SIGKILL'],
  ['an out-of-memory kill of the kernel', NO_REASON, null, 'SIGKILL', false, yes, 'oom'],
  ['a drain', { ...NO_REASON, drainReason: 'reload' }, 0, null, false, no, 'reload'],
  ['a drain that failed', { ...NO_REASON, drainReason: 'reload' }, 1, null, false, no, 'exit'],
  [
    'a drain before the worker was ready',
    { ...NO_REASON, drainReason: 'scale' },
    null,
    'SIGTERM',
    false,
    no,
    'scale',
  ],
  ['a SIGKILL during a drain', { ...NO_REASON, drainReason: 'scale' }, null, 'SIGKILL', false, no, 'SIGKILL'],
  ['a kill by the primary', { ...NO_REASON, killReason: 'stuck' }, null, 'SIGKILL', false, yes, 'stuck'],
] as const) {
  test(`the exit reason of ${what} is ${reason}`, () => {
    assert.equal(exitReason(worker as Exited, code, signal, heapWasFull, kernelKilled), reason);
  });
}

test('each out-of-memory kill of the kernel explains one exit', () => {
  let kills = 5;
  const oomKills = new KernelOomKills(() => kills);
  assert.equal(oomKills.take(), false, 'kills before the start do not count');
  kills = 7;
  assert.deepEqual([oomKills.take(), oomKills.take(), oomKills.take()], [true, true, false]);
});

test('out-of-memory kills are read from the control group of the process, such as a systemd unit, else from the mounted one', () => {
  assert.deepEqual(oomKillFiles('0::/system.slice/pandoras-express.service\n'), [
    '/sys/fs/cgroup/system.slice/pandoras-express.service/memory.events',
    '/sys/fs/cgroup/memory.events',
    '/sys/fs/cgroup/memory/memory.oom_control',
  ]);
  assert.deepEqual(oomKillFiles('12:pids:/a\n4:cpu,memory:/docker/7\n0::/\n'), [
    '/sys/fs/cgroup/memory.events',
    '/sys/fs/cgroup/memory/docker/7/memory.oom_control',
    '/sys/fs/cgroup/memory/memory.oom_control',
  ]);
  assert.deepEqual(oomKillFiles(''), [
    '/sys/fs/cgroup/memory.events',
    '/sys/fs/cgroup/memory/memory.oom_control',
  ]);
});

test('the report of a full heap is copied and recognised in any chunks', async () => {
  const [stderr, shown] = [new PassThrough(), new PassThrough()];
  const tail = followStderr(stderr, shown);
  const text = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n';
  for (const letter of text) stderr.write(letter);
  stderr.end();
  await tail.end;
  assert.equal(tail.heapWasFull(), true);
  assert.equal(Buffer.concat(await shown.end().toArray()).toString(), text);
});
