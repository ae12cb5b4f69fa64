import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from './random.ts';

test('the seed determines the choices', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.pick(['a', 'b', 'c', 'd'])).join('');
  };
  assert.equal(draw(7), draw(7));
  assert.notEqual(draw(7), draw(8));
  assert.deepEqual([...new Set(draw(7))].sort(), ['a', 'b', 'c', 'd']);
});

test('pick() of an empty list returns undefined', () => {
  assert.equal(new Random(1).pick([]), undefined);
});
