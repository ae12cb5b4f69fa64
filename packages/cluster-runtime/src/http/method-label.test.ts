import assert from 'node:assert/strict';
import test from 'node:test';
import { methodLabel } from './method-label.ts';

test('methods outside the standard ones share one value', () => {
  assert.deepEqual(['GET', 'PATCH', 'PROPFIND', 'get', undefined].map(methodLabel), [
    'GET',
    'PATCH',
    'OTHER',
    'OTHER',
    'OTHER',
  ]);
});
