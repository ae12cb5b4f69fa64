import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowsOf } from './label-rows.js';

const rows = (...froms: number[]) =>
  rowsOf(
    froms.map((from) => ({ from, wide: 100 })),
    { rows: 2, gap: 5 },
  ).map(({ row }) => row);

test('labels that have room stand in the first row, whatever their order', () => {
  assert.deepEqual(rows(), []);
  assert.deepEqual(rows(0, 105, 300), [0, 0, 0]);
  assert.deepEqual(rows(300, 0, 105), [0, 0, 0]);
});

test('a label that would cover another one, or come too near, stands in the next row', () => {
  assert.deepEqual(rows(110, 50, 0), [0, 1, 0]);
  assert.deepEqual(rows(0, 104, 300), [0, 1, 0]);
});

test('where no row has room, the one that matters less is left out', () => {
  assert.deepEqual(rows(20, 10, 0, 200), [0, 1, undefined, 0]);
});
