import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alternate, compare, ratiosOf, sidesOf } from './comparison.ts';

test('a ratio is the median of a peer divided by the median of ours', () => {
  assert.deepEqual(compare({ ours: [2, 1, 9], peer: [40, 50, 30], other: [1, 1, 1] }, 'ms'), {
    ours: { median: 2, min: 1, max: 9, unit: 'ms' },
    peer: { median: 40, min: 30, max: 50, unit: 'ms' },
    other: { median: 1, min: 1, max: 1, unit: 'ms' },
    ratio: { peer: 20, other: 0.5 },
  });
});

test('if ours is 0, the ratio of a peer is null, or 1 if the peer is 0 too', () => {
  assert.deepEqual(ratiosOf(compare({ ours: [0], peer: [300], other: [0] }, 'lost')), {
    peer: null,
    other: 1,
  });
});

test('sidesOf and ratiosOf return the parts of a comparison', () => {
  const comparison = compare({ ours: [1], peer: [3] }, 'ms');
  assert.deepEqual(Object.keys(sidesOf(comparison)), ['ours', 'peer']);
  assert.deepEqual(ratiosOf(comparison), { peer: 3 });
});

test('a comparison without ours is an error', () => {
  assert.throws(() => compare({ peer: [1] }, 'ms'), /no figures of ours, only of peer/);
});

test('sides alternate, each sampled once per round', async () => {
  const order: string[] = [];
  const samples = await alternate(['a', 'b', 'c'], 2, async (side, round) => {
    order.push(`${side}${round}`);
    return order.length;
  });
  assert.deepEqual(order, ['a0', 'b0', 'c0', 'a1', 'b1', 'c1']);
  assert.deepEqual(samples, { a: [1, 4], b: [2, 5], c: [3, 6] });
});
