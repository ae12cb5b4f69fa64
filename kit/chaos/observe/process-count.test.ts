import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProcessCount } from './process-count.ts';

const timeOf = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString();
const start = (second: number, primary: number, workerPid: number) =>
  `{"time":"${timeOf(second)}","level":"info","pid":${primary},"msg":"starting a worker","worker":1,"worker_pid":${workerPid},"reason":"boot"}`;
const end = (loggedAt: number, primary: number, workerPid: number, endedAt = loggedAt) =>
  `{"time":"${timeOf(loggedAt)}","level":"info","pid":${primary},"msg":"worker exited","worker":1,"worker_pid":${workerPid},"code":0,"signal":null,"ended_at":"${timeOf(endedAt)}"}`;

function after(...lines: string[]): ProcessCount {
  const processCount = new ProcessCount();
  for (const line of lines) processCount.take(line);
  return processCount;
}

test('the largest number is kept, however short it lasted', () => {
  const processCount = after(start(1, 7, 31), start(2, 7, 32), start(3, 7, 33), end(4, 7, 31), end(5, 7, 33));
  assert.equal(processCount.most, 3);
  processCount.take(start(6, 7, 34));
  assert.equal(processCount.most, 3);
  for (const line of [start(7, 7, 35), start(8, 7, 36)]) processCount.take(line);
  assert.equal(processCount.most, 4);
});

test('a worker whose exit is logged late does not overlap its successor', () => {
  const lines = [start(1, 7, 31), start(2, 7, 32), start(5, 7, 33)];
  assert.equal(after(...lines, end(6, 7, 32, 5)).most, 2);
  assert.equal(after(...lines, end(6, 7, 32, 6)).most, 3);
});

test('a new primary begins without workers', () => {
  assert.equal(after(start(1, 7, 31), start(2, 7, 32), start(3, 9, 41)).most, 1);
});

test('workers of another instance count while it runs', () => {
  let second = 1;
  const processCount = new ProcessCount(() => Date.parse(timeOf(second)));
  processCount.take(start(1, 7, 31));
  second = 2;
  processCount.otherInstance = 1;
  assert.equal(processCount.most, 2);
  processCount.take(start(3, 7, 32));
  second = 4;
  processCount.otherInstance = 0;
  for (const line of [end(5, 7, 31), start(6, 7, 33)]) processCount.take(line);
  assert.equal(processCount.most, 3);
});

test('other log lines are ignored', () => {
  const ready = `{"time":"${timeOf(1)}","level":"info","pid":7,"msg":"worker ready","worker":1,"worker_pid":31}`;
  assert.equal(after('2026-01-02 03:04:05 INFO spawned: app with pid 7', ready).most, 0);
});
