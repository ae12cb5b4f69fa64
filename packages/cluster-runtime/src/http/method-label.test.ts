import assert from 'node:assert/strict';
import test from 'node:test';
import { methodLabel } from './method-label.ts';

test('non-standard methods share one label value', () => {
  assert.deepEqual(['GET', 'PATCH', 'PROPFIND', 'get', undefined].map(methodLabel), [
    'GET',
    'PATCH',
    'OTHER',
    'OTHER',
    'OTHER',
  ]);
});
