import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from './label-rows.js';

const rows = (...froms: number[]) =>
  rowsOf(
    froms.map((from) => ({ from, wide: 100 })),
    { rows: 2, gap: 5 },
  ).map(({ row }) => row);

test('labels with enough room are in the first row, in any order', () => {
  assert.deepEqual(rows(), []);
  assert.deepEqual(rows(0, 105, 300), [0, 0, 0]);
  assert.deepEqual(rows(300, 0, 105), [0, 0, 0]);
});

test('a label that overlaps another one or the gap is in the next row', () => {
  assert.deepEqual(rows(110, 50, 0), [0, 1, 0]);
  assert.deepEqual(rows(0, 104, 300), [0, 1, 0]);
});

test('a less important label without room is left out', () => {
  assert.deepEqual(rows(20, 10, 0, 200), [0, 1, undefined, 0]);
});
