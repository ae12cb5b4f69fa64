import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spread } from '../stats/spread.ts';
import { grownMemory, MOST } from './flat-memory.ts';

test('memory that stays is no sentence, nor is what was not measured', () => {
  const flat = { memory_to_first_round: spread([1, 1.02], 'x'), resident_end_to_start: spread([MOST], 'x') };
  assert.deepEqual(grownMemory(flat), []);
  assert.deepEqual(grownMemory({}), []);
});

test('memory that grew is told, of the container and of its processes', () => {
  assert.deepEqual(grownMemory({ memory_to_first_round: spread([1, 1.6, 2], 'x') }), [
    'memory_to_first_round: 1.60, more than 1.5: memory is not flat',
  ]);
  assert.equal(grownMemory({ resident_end_to_start: spread([Number.NaN], 'x') }).length, 1);
});
