import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastSquares, valueAt } from './least-squares.ts';

test('points on a line give that line and no residual', () => {
  const line = leastSquares([3, 1, 10].map((x) => ({ x, y: 2 * x + 7 })));
  assert.ok(Math.abs(line.slope - 2) < 1e-12 && Math.abs(line.intercept - 7) < 1e-12);
  assert.ok(line.residual < 1e-12);
  assert.ok(Math.abs(valueAt(line, 100) - 207) < 1e-9);
});

test('the residual is the root mean square distance from the line', () => {
  const points = [0, 1, 2, 3].map((x) => ({ x, y: 5 + (x === 0 || x === 3 ? 1 : -1) }));
  assert.deepEqual(leastSquares(points), { intercept: 5, slope: 0, residual: 1 });
});

test('points at one x are an error', () => {
  const points = [1, 2].map((y) => ({ x: 3, y }));
  assert.throws(() => leastSquares(points), /a line needs points at two different x/);
  assert.throws(() => leastSquares([]), /two different x/);
});
