import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { exitReason, KernelOomKills, UNCAUGHT_EXIT_CODE } from './exit-reason.ts';
import { listenForLastWords } from './stderr-tail.ts';
import type { Member } from './worker-process.ts';

type Ended = Pick<Member, 'retired' | 'killed'>;

const NOBODY: Ended = { retired: undefined, killed: undefined };
const no = () => false;
const yes = () => true;

for (const [what, member, code, signal, heapWasFull, kernelKilled, reason] of [
  ['an exit code', NOBODY, 3, null, false, no, 'exit'],
  ['an exit with 0 that nobody asked for', NOBODY, 0, null, false, no, 'exit'],
  ['a process that could not be made', NOBODY, null, null, false, no, 'not-started'],
  ['an uncaught exception', NOBODY, UNCAUGHT_EXIT_CODE, null, false, no, 'uncaught'],
  ['a signal', NOBODY, null, 'SIGSEGV', false, no, 'SIGSEGV'],
  ['an abort', NOBODY, null, 'SIGABRT', false, no, 'SIGABRT'],
  ['a full heap', NOBODY, null, 'SIGABRT', true, no, 'oom'],
  ['a kill from outside', NOBODY, null, 'SIGKILL', false, no, 'SIGKILL'],
  ['a kill by the kernel', NOBODY, null, 'SIGKILL', false, yes, 'oom'],
  ['a drain', { ...NOBODY, retired: 'reload' }, 0, null, false, no, 'reload'],
  ['a drain that failed', { ...NOBODY, retired: 'reload' }, 1, null, false, no, 'exit'],
  ['one sent away before it was ready', { ...NOBODY, retired: 'scale' }, null, 'SIGTERM', false, no, 'scale'],
  ['a kill during a drain', { ...NOBODY, retired: 'scale' }, null, 'SIGKILL', false, no, 'SIGKILL'],
  ['our own kill', { ...NOBODY, killed: 'stuck' }, null, 'SIGKILL', false, yes, 'stuck'],
] as const) {
  test(`${what} is told as ${reason}`, () => {
    assert.equal(exitReason(member as Ended, code, signal, heapWasFull, kernelKilled), reason);
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
  const words = listenForLastWords(stderr, shown);
  const text = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n';
  for (const letter of text) stderr.write(letter);
  stderr.end();
  await words.end;
  assert.equal(words.heapWasFull(), true);
  assert.equal(Buffer.concat(await shown.end().toArray()).toString(), text);
});
