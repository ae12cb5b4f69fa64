import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, UsageError } from './options.ts';

const read = (...args: string[]) => readOptions(args, () => 42);

test('minutes, seed and format are read; without --seed a new seed is used', () => {
  assert.deepEqual(read(), { minutes: 5, seed: 42, json: false, help: false });
  assert.deepEqual(read('--minutes', '0.5', '--seed', '7', '--json'), {
    minutes: 0.5,
    seed: 7,
    json: true,
    help: false,
  });
});

test('an invalid option is an error that names the value', () => {
  assert.throws(
    () => read('--minutes', 'soon'),
    new UsageError('--minutes soon: expected a number above 0, at most 1440'),
  );
  assert.throws(() => read('--minutes', '0'), UsageError);
  assert.throws(() => read('--seed', '-1'), UsageError);
  assert.throws(() => read('--seed', '1e3'), /--seed 1e3: expected a whole number/);
  assert.throws(() => read('--hours', '1'), /--hours/);
  assert.throws(() => read('5'), UsageError);
});
