import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headcount } from './headcount.ts';

const TIME = '"time":"2026-01-02T03:04:05.678Z","level":"info"';
const start = (primary: number, workerPid: number) =>
  `{${TIME},"pid":${primary},"msg":"starting a worker","worker":1,"workerPid":${workerPid},"reason":"boot"}`;
const end = (primary: number, workerPid: number) =>
  `{${TIME},"pid":${primary},"msg":"worker ended","worker":1,"workerPid":${workerPid},"code":0,"signal":null}`;

test('the most at one time is remembered, however short it was', () => {
  const headcount = new Headcount();
  for (const line of [start(7, 31), start(7, 32), start(7, 33), end(7, 31), end(7, 33)]) headcount.take(line);
  assert.equal(headcount.most, 3);
  headcount.take(start(7, 34));
  assert.equal(headcount.most, 3);
  for (const line of [start(7, 35), start(7, 36)]) headcount.take(line);
  assert.equal(headcount.most, 4);
});

test('another primary begins with no workers', () => {
  const headcount = new Headcount();
  for (const line of [start(7, 31), start(7, 32), start(9, 41)]) headcount.take(line);
  assert.equal(headcount.most, 1);
});

test('workers of an instance beside it count while it is there', () => {
  const headcount = new Headcount();
  headcount.take(start(7, 31));
  headcount.beside = 1;
  assert.equal(headcount.most, 2);
  headcount.take(start(7, 32));
  headcount.beside = 0;
  for (const line of [end(7, 31), start(7, 33)]) headcount.take(line);
  assert.equal(headcount.most, 3);
});

test('lines of other things change nothing', () => {
  const headcount = new Headcount();
  headcount.take('2026-01-02 03:04:05 INFO spawned: app with pid 7');
  headcount.take(`{${TIME},"pid":7,"msg":"worker ready","worker":1,"workerPid":31}`);
  assert.equal(headcount.most, 0);
});
