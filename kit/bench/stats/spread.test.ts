import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile, spread } from './spread.ts';

test('a spread has median, minimum and maximum in any order of the values', () => {
  assert.deepEqual(spread([5, 1, 3], 'ms'), { median: 3, min: 1, max: 5, unit: 'ms' });
  assert.deepEqual(spread([10, 9, 100], 'ns'), { median: 10, min: 9, max: 100, unit: 'ns' });
});

test('a spread without values is an error', () => {
  assert.throws(() => spread([], 'ms'), /no values to summarize \(ms\)/);
});

test('a quantile is the smallest value that the given share does not exceed', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile(values, 0.5), 50);
  assert.equal(quantile(values, 1), 100);
  assert.equal(quantile([7], 0.01), 7);
  assert.equal(quantile([], 0.5), Number.NaN);
});
