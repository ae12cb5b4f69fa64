import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultWindows } from '../observe/windows.ts';
import { parseExit, type WorkerExit, WorkerExits } from './worker-exits.ts';

const exit = (pid: number, rest: Partial<WorkerExit> = {}): WorkerExit => ({
  pid,
  at: Date.now() + 5,
  endedAt: Date.now(),
  code: null,
  signal: 'SIGKILL',
  reason: undefined,
  ...rest,
});

test('the exit of a worker is read from the log of the app, and other lines are ignored', () => {
  const line =
    '{"time":"2026-01-02T03:04:05.678Z","level":"warn","pid":7,"msg":"worker exited; replacing it","worker_pid":31,"code":null,"signal":"SIGABRT","reason":"oom","ended_at":"2026-01-02T03:04:05.070Z"}';
  assert.deepEqual(parseExit(line), {
    pid: 31,
    at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    endedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 70),
    code: null,
    signal: 'SIGABRT',
    reason: 'oom',
  });
  assert.equal(
    parseExit('{"time":"2026-01-02T03:04:05.678Z","msg":"worker ready","worker_pid":31}'),
    undefined,
  );
  assert.equal(parseExit('2026-01-02 03:04:05 INFO success: app entered RUNNING state'), undefined);
});

test('the exit of a victim closes the window of its fault', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  const expected = exits.expect('kill', 31);
  assert.equal(exits.pendingExcept(), 1);
  const { at } = exit(31);
  exits.take(exit(31, { at }));
  assert.equal(expected.window.to, at);
  assert.equal(exits.hasExited(expected), true);
  assert.equal(exits.pendingExcept(), 0);
  assert.deepEqual(exits.unexpected, []);
});

test('a fault of any worker explains the exit of the worker it hit, logged before or after that worker is known', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  const [early, late] = [exits.expect('throw'), exits.expect('throw')];
  exits.take(exit(31, { code: 70, signal: null }));
  assert.deepEqual([exits.hasExited(early), exits.unidentified], [false, 2]);
  exits.identify(early, 31);
  assert.equal(exits.hasExited(early), true);
  exits.identify(late, 32);
  exits.take(exit(32, { code: 70, signal: null }));
  assert.equal(exits.hasExited(late), true);
  assert.deepEqual(exits.unexpected, []);
});

test('a fault that hits a worker which another fault ends, or has ended, expects no further exit', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  const [thrown, full, late] = [exits.expect('throw'), exits.expect('out-of-memory'), exits.expect('throw')];
  assert.equal(exits.identify(thrown, 31), true);
  assert.equal(exits.identify(full, 31), true);
  exits.take(exit(31));
  assert.deepEqual([exits.hasExited(thrown), exits.hasExited(full)], [true, true]);
  assert.equal(exits.identify(late, 31), false);
  assert.deepEqual([exits.pendingExcept(), exits.unexpected], [0, []]);
});

test('the exit of another worker while a fault has hit no worker yet is unexpected', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  const expected = exits.expect('throw');
  exits.take(exit(40, { signal: 'SIGSEGV' }));
  exits.identify(expected, 31);
  assert.match(exits.unexpected[0]!, /SIGSEGV/);
  const missed = exits.expect('throw');
  exits.take(exit(41, { signal: 'SIGSEGV' }));
  exits.cancel(missed);
  assert.equal(exits.unexpected.length, 2);
});

test('a stopped worker may be killed as stuck, another worker may not', () => {
  const windows = new FaultWindows(1);
  const exits = new WorkerExits(windows);
  exits.mayBeStuck(31, 'stop');
  exits.take(exit(31, { at: 5_000, reason: 'stuck' }));
  assert.deepEqual(windows.windows, [{ kind: 'worker', what: 'stop', from: 4_000, to: 5_000 }]);
  exits.take(exit(32, { reason: 'stuck' }));
  assert.equal(exits.unexpected.length, 1);
});

test('an exit without a fault is unexpected, and does not count as the exit of a victim', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  const expected = exits.expect('kill', 31);
  exits.take(exit(40, { signal: 'SIGSEGV' }));
  assert.equal(exits.hasExited(expected), false);
  assert.match(exits.unexpected[0]!, /SIGSEGV/);
});

test('workers that the primary stops are expected, and their exits match no fault', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  const expected = exits.expect('throw');
  exits.take(exit(31, { code: 0, signal: null, reason: 'reload' }));
  exits.take(exit(32, { signal: 'SIGTERM' }));
  exits.take(exit(33, { reason: 'cannot-share' }));
  assert.deepEqual([exits.hasExited(expected), exits.unexpected], [false, []]);
});

test('a worker killed after its drain deadline is unexpected', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  exits.take(exit(31, { reason: 'reload' }));
  assert.equal(exits.unexpected.length, 1);
});

test('the exits of all workers of a killed primary are expected', () => {
  const exits = new WorkerExits(new FaultWindows(1));
  const expected = exits.expect('throw');
  exits.primaryKilled([31, 32]);
  assert.equal(exits.pendingExcept(), 0);
  assert.notEqual(expected.window.to, undefined);
  exits.take(exit(32));
  assert.deepEqual(exits.unexpected, []);
});
