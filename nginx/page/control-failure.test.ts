import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlFailure } from './control-failure.js';

test('a fault control without an answer is distinguished from one with an error status', () => {
  assert.equal(controlFailure('/demo/reload', undefined), 'No answer from /demo/reload. Try again.');
  assert.match(controlFailure('/demo/reload', { status: 503 }), /^\/demo\/reload failed with status 503\./);
  assert.match(controlFailure('/demo/reload', { status: 404 }), /DEMO_CONTROLS=1/);
});
