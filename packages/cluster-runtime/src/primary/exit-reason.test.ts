import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { UNCAUGHT_EXIT_CODE } from '../core/exit-codes.ts';
import { exitReason, KernelOomKills } from './exit-reason.ts';
import { followStderr } from './stderr-tail.ts';
import type { WorkerProcess } from './worker-process.ts';

type Exited = Pick<WorkerProcess, 'drainReason' | 'killReason'>;

const NOT_ASKED: Exited = { drainReason: undefined, killReason: undefined };
const no = () => false;
const yes = () => true;

for (const [what, worker, code, signal, heapWasFull, kernelKilled, reason] of [
  ['an exit code', NOT_ASKED, 3, null, false, no, 'exit'],
  ['an exit with 0 that nobody asked for', NOT_ASKED, 0, null, false, no, 'exit'],
  ['a process that could not be made', NOT_ASKED, null, null, false, no, 'not-started'],
  ['an uncaught exception', NOT_ASKED, UNCAUGHT_EXIT_CODE, null, false, no, 'uncaught'],
  ['a signal', NOT_ASKED, null, 'SIGSEGV', false, no, 'SIGSEGV'],
  ['an abort', NOT_ASKED, null, 'SIGABRT', false, no, 'SIGABRT'],
  ['a full heap', NOT_ASKED, null, 'SIGABRT', true, no, 'oom'],
  ['a kill from outside', NOT_ASKED, null, 'SIGKILL', false, no, 'SIGKILL'],
  ['a kill by the kernel', NOT_ASKED, null, 'SIGKILL', false, yes, 'oom'],
  ['a drain', { ...NOT_ASKED, drainReason: 'reload' }, 0, null, false, no, 'reload'],
  ['a drain that failed', { ...NOT_ASKED, drainReason: 'reload' }, 1, null, false, no, 'exit'],
  [
    'one sent away before it was ready',
    { ...NOT_ASKED, drainReason: 'scale' },
    null,
    'SIGTERM',
    false,
    no,
    'scale',
  ],
  ['a kill during a drain', { ...NOT_ASKED, drainReason: 'scale' }, null, 'SIGKILL', false, no, 'SIGKILL'],
  ['our own kill', { ...NOT_ASKED, killReason: 'stuck' }, null, 'SIGKILL', false, yes, 'stuck'],
] as const) {
  test(`${what} is told as ${reason}`, () => {
    assert.equal(exitReason(worker as Exited, code, signal, heapWasFull, kernelKilled), reason);
  });
}

test('each out-of-memory kill of the kernel explains one death', () => {
  let kills = 5;
  const oomKills = new KernelOomKills(() => kills);
  assert.equal(oomKills.take(), false, 'those from before are not ours');
  kills = 7;
  assert.deepEqual([oomKills.take(), oomKills.take(), oomKills.take()], [true, true, false]);
});

test('what a worker writes at its death is handed on and understood, in whatever pieces it comes', async () => {
  const [stderr, shown] = [new PassThrough(), new PassThrough()];
  const tail = followStderr(stderr, shown);
  const text = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n';
  for (const letter of text) stderr.write(letter);
  stderr.end();
  await tail.end;
  assert.equal(tail.heapWasFull(), true);
  assert.equal(Buffer.concat(await shown.end().toArray()).toString(), text);
});
