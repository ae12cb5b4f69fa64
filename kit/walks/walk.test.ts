import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesOf } from './walk.ts';

test('counting in a known series executes functions in at most five files', async () => {
  const files = await filesOf('known series');
  assert.ok(files.length > 0 && files.length <= 5, files.join(' '));
});

test('the first count of a process reaches the slot file', async () => {
  const files = await filesOf('first count of a process');
  assert.ok(
    files.some((file) => file.includes('slot-writer')),
    files.join(' '),
  );
});
