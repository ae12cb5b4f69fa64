import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLog } from './log-reader.ts';

test('the message about an invalid log length says what was read before and how long the log can be', () => {
  for (const [chunks, what] of [
    [[1], '1 chunk'],
    [[1, 2], '2 chunks'],
  ] as const) {
    assert.throws(() => readLog(0, chunks, 96, 80, 0, 0), {
      message: `invalid log length 80: 96 bytes already read, ${what} of log`,
    });
  }
});
