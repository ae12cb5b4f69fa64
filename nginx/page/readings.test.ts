import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Readings, Workers } from './readings.js';

function read(values: readonly (number | null)[]): Counter {
  const counter = new Counter();
  for (const value of values) counter.read(value);
  return counter;
}

test('a rising count has its rise as increase and no fall', () => {
  const { last, falls, increase } = read([100, 100, 120, 150]);
  assert.deepEqual([last, falls, increase], [150, 0, 50]);
});

test('a fall is a reset to 0, as in Prometheus', () => {
  const { falls, increase } = read([100, 40, 50, 0, 100]);
  assert.deepEqual([falls, increase], [2, 40 + 10 + 0 + 100]);
});

test('a missing reading is neither a fall nor an increase', () => {
  const { last, falls, increase } = read([null, 100, null, 110, null]);
  assert.deepEqual([last, falls, increase], [110, 0, 10]);
});

test('the columns contain the window with its gaps, and older readings still count', () => {
  const readings = new Readings(1000);
  readings.add({ at: 0, worker: 1, own: 5, shared: 5 });
  readings.add({ at: 600, worker: 2, own: 0, shared: 7 });
  readings.add({ at: 1200, worker: null, own: null, shared: 9 });
  assert.deepEqual(readings.columns('own', 1200), [
    [-0.6, 0],
    [0, null],
  ]);
  assert.deepEqual(readings.columns('shared', 1200)[1], [7, 9]);
  assert.deepEqual([readings.own.falls, readings.shared.increase], [1, 4]);
});

test('the upper limit of the charts is a round number above all values', () => {
  for (const [most, top] of [
    [0, 10],
    [9, 10],
    [10, 15],
    [99, 110],
    [120, 150],
    [12_345, 15_000],
  ] as const) {
    const readings = new Readings(1000);
    readings.add({ at: 0, worker: 1, own: 0, shared: most });
    assert.equal(readings.top(), top, `${most}`);
  }
});

test('a killed worker keeps its last count until it is forgotten', () => {
  const workers = new Workers(1000);
  workers.update(2, 7, 0);
  workers.update(1, 3, 10);
  workers.end(2, 100);
  workers.end(9, 100);
  workers.update(2, 8, 120);
  const shown = (now: number) => workers.list(now).map(({ worker, own, killed }) => [worker, own, killed]);
  assert.deepEqual(shown(500), [
    [1, 3, false],
    [2, 7, true],
  ]);
  assert.deepEqual(shown(1050), [[2, 7, true]]);
  assert.deepEqual(shown(1101), []);
});
