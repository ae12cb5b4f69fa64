import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headcount } from './headcount.ts';

const timeOf = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, second)).toISOString();
const start = (second: number, primary: number, workerPid: number) =>
  `{"time":"${timeOf(second)}","level":"info","pid":${primary},"msg":"starting a worker","worker":1,"worker_pid":${workerPid},"reason":"boot"}`;
const end = (toldAt: number, primary: number, workerPid: number, endedAt = toldAt) =>
  `{"time":"${timeOf(toldAt)}","level":"info","pid":${primary},"msg":"worker exited","worker":1,"worker_pid":${workerPid},"code":0,"signal":null,"ended_at":"${timeOf(endedAt)}"}`;

function after(...lines: string[]): Headcount {
  const headcount = new Headcount();
  for (const line of lines) headcount.take(line);
  return headcount;
}

test('the most at one time is remembered, however short it was', () => {
  const headcount = after(start(1, 7, 31), start(2, 7, 32), start(3, 7, 33), end(4, 7, 31), end(5, 7, 33));
  assert.equal(headcount.most, 3);
  headcount.take(start(6, 7, 34));
  assert.equal(headcount.most, 3);
  for (const line of [start(7, 7, 35), start(8, 7, 36)]) headcount.take(line);
  assert.equal(headcount.most, 4);
});

test('a worker whose end is told late was not there beside its successor', () => {
  const lines = [start(1, 7, 31), start(2, 7, 32), start(5, 7, 33)];
  assert.equal(after(...lines, end(6, 7, 32, 5)).most, 2);
  assert.equal(after(...lines, end(6, 7, 32, 6)).most, 3);
});

test('another primary begins with no workers', () => {
  assert.equal(after(start(1, 7, 31), start(2, 7, 32), start(3, 9, 41)).most, 1);
});

test('workers of an instance beside it count while it is there', () => {
  let second = 1;
  const headcount = new Headcount(() => Date.parse(timeOf(second)));
  headcount.take(start(1, 7, 31));
  second = 2;
  headcount.beside = 1;
  assert.equal(headcount.most, 2);
  headcount.take(start(3, 7, 32));
  second = 4;
  headcount.beside = 0;
  for (const line of [end(5, 7, 31), start(6, 7, 33)]) headcount.take(line);
  assert.equal(headcount.most, 3);
});

test('lines of other things change nothing', () => {
  const ready = `{"time":"${timeOf(1)}","level":"info","pid":7,"msg":"worker ready","worker":1,"worker_pid":31}`;
  assert.equal(after('2026-01-02 03:04:05 INFO spawned: app with pid 7', ready).most, 0);
});
