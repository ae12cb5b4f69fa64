import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spread } from '../stats/spread.ts';
import { grownMemory, MOST } from './flat-memory.ts';

test('flat memory and missing measures are not reported', () => {
  const flat = { memory_to_first_round: spread([1, 1.02], 'x'), resident_end_to_start: spread([MOST], 'x') };
  assert.deepEqual(grownMemory(flat), []);
  assert.deepEqual(grownMemory({}), []);
});

test('memory that grew is reported for the container and for its processes', () => {
  assert.deepEqual(grownMemory({ memory_to_first_round: spread([1, 1.6, 2], 'x') }), [
    'memory_to_first_round: 1.60, above 1.5: memory grows under constant load',
  ]);
  assert.equal(grownMemory({ resident_end_to_start: spread([Number.NaN], 'x') }).length, 1);
});
