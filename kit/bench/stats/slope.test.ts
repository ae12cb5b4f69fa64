import assert from 'node:assert/strict';
import { test } from 'node:test';
import { medianSlope } from './slope.ts';

test('points on a line give its slope, in any order', () => {
  const points = [3, 1, 10].map((x) => ({ x, y: 2 * x + 7 }));
  assert.deepEqual(medianSlope(points), { median: 2, min: 2, max: 2 });
});

test('an outlier does not move the slope, but shows in minimum and maximum', () => {
  const points = [1, 2, 3, 4, 5].map((x) => ({ x, y: x === 3 ? 100 : x }));
  const { median, min, max } = medianSlope(points);
  assert.equal(median, 1);
  assert.equal(min, -96);
  assert.equal(max, 98);
});

test('a single point is an error', () => {
  assert.throws(() => medianSlope([{ x: 1, y: 1 }]), /a slope needs 2 points, not 1/);
});
