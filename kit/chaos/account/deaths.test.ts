import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultWindows } from '../observe/windows.ts';
import { Deaths, parseExit, type WorkerExit } from './deaths.ts';

const exit = (pid: number, rest: Partial<WorkerExit> = {}): WorkerExit => ({
  pid,
  at: Date.now() + 5,
  endedAt: Date.now(),
  code: null,
  signal: 'SIGKILL',
  reason: undefined,
  ...rest,
});

test("a worker's end is read from the application's log, and nothing else is", () => {
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

test('the death of a victim closes the window of its fault', () => {
  const deaths = new Deaths(new FaultWindows(1));
  const death = deaths.expect('kill', 31);
  assert.equal(deaths.pendingBut(), 1);
  const { at } = exit(31);
  deaths.take(exit(31, { at }));
  assert.equal(death.window.to, at);
  assert.equal(deaths.hasCome(death), true);
  assert.equal(deaths.pendingBut(), 0);
  assert.deepEqual(deaths.unexpected, []);
});

test('a fault that takes whoever gets it explains the death of the one it has met, told before or after that is known', () => {
  const deaths = new Deaths(new FaultWindows(1));
  const [early, late] = [deaths.expect('throw'), deaths.expect('throw')];
  deaths.take(exit(31, { code: 70, signal: null }));
  assert.deepEqual([deaths.hasCome(early), deaths.unnamed], [false, 2]);
  deaths.name(early, 31);
  assert.equal(deaths.hasCome(early), true);
  deaths.name(late, 32);
  deaths.take(exit(32, { code: 70, signal: null }));
  assert.equal(deaths.hasCome(late), true);
  assert.deepEqual(deaths.unexpected, []);
});

test('a fault that meets a worker that another fault has ended, or is ending, waits for nobody else', () => {
  const deaths = new Deaths(new FaultWindows(1));
  const [thrown, full, late] = [
    deaths.expect('throw'),
    deaths.expect('out-of-memory'),
    deaths.expect('throw'),
  ];
  assert.equal(deaths.name(thrown, 31), true);
  assert.equal(deaths.name(full, 31), true);
  deaths.take(exit(31));
  assert.deepEqual([deaths.hasCome(thrown), deaths.hasCome(full)], [true, true]);
  assert.equal(deaths.name(late, 31), false);
  assert.deepEqual([deaths.pendingBut(), deaths.unexpected], [0, []]);
});

test('the end of another one, told while a fault has not met anybody yet, stays without a fault', () => {
  const deaths = new Deaths(new FaultWindows(1));
  const death = deaths.expect('throw');
  deaths.take(exit(40, { signal: 'SIGSEGV' }));
  deaths.name(death, 31);
  assert.match(deaths.unexpected[0]!, /SIGSEGV/);
  const missed = deaths.expect('throw');
  deaths.take(exit(41, { signal: 'SIGSEGV' }));
  deaths.cancel(missed);
  assert.equal(deaths.unexpected.length, 2);
});

test('a worker that was made to stand still may be killed for it; any other may not', () => {
  const windows = new FaultWindows(1);
  const deaths = new Deaths(windows);
  deaths.mayBeStuck(31, 'stop');
  deaths.take(exit(31, { at: 5_000, reason: 'stuck' }));
  assert.deepEqual(windows.windows, [{ kind: 'death', what: 'stop', from: 4_000, to: 5_000 }]);
  deaths.take(exit(32, { reason: 'stuck' }));
  assert.equal(deaths.unexpected.length, 1);
});

test('a death that nobody ordered is unexpected, and does not pass for that of a victim', () => {
  const deaths = new Deaths(new FaultWindows(1));
  const death = deaths.expect('kill', 31);
  deaths.take(exit(40, { signal: 'SIGSEGV' }));
  assert.equal(deaths.hasCome(death), false);
  assert.match(deaths.unexpected[0]!, /SIGSEGV/);
});

test('workers that leave as the primary wants it are no deaths, and take no fault away', () => {
  const deaths = new Deaths(new FaultWindows(1));
  const death = deaths.expect('throw');
  deaths.take(exit(31, { code: 0, signal: null, reason: 'reload' }));
  deaths.take(exit(32, { signal: 'SIGTERM' }));
  deaths.take(exit(33, { reason: 'cannot-share' }));
  assert.deepEqual([deaths.hasCome(death), deaths.unexpected], [false, []]);
});

test('a worker killed after its drain deadline was cut off: that is no end in order', () => {
  const deaths = new Deaths(new FaultWindows(1));
  deaths.take(exit(31, { reason: 'reload' }));
  assert.equal(deaths.unexpected.length, 1);
});

test('the workers of a killed primary are all accounted for', () => {
  const deaths = new Deaths(new FaultWindows(1));
  const death = deaths.expect('throw');
  deaths.endOfLife([31, 32]);
  assert.equal(deaths.pendingBut(), 0);
  assert.notEqual(death.window.to, undefined);
  deaths.take(exit(32));
  assert.deepEqual(deaths.unexpected, []);
});
