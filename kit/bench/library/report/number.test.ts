import assert from 'node:assert/strict';
import { test } from 'node:test';
import { number } from './number.ts';

test('a number is shown with three significant digits, or with all its integer digits', () => {
  const shown = [0, 0.0412, 1.0049, 7.812, 20, 97.36, 138.2, 1231.4, 1_234_567, -2.5].map(number);
  assert.deepEqual(shown, ['0', '0.0412', '1', '7.81', '20', '97.4', '138', '1,231', '1,234,567', '-2.5']);
});
