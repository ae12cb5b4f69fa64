import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll, pollUntilStable, until } from './poll.ts';

test('the first defined value is given', async () => {
  let calls = 0;
  const value = await poll('three', () => (++calls === 3 ? calls : undefined), {
    deadlineMs: 5000,
    everyMs: 1,
  });
  assert.equal(value, 3);
});

test('at the deadline the error says what was awaited and why the last attempt failed', async () => {
  const failing = poll('the door', () => Promise.reject(new Error('refused')), { deadlineMs: 5, everyMs: 1 });
  await assert.rejects(failing, (error: Error) => {
    assert.match(error.message, /the door: not so after 5 ms/);
    assert.match(String(error.cause), /refused/);
    return true;
  });
});

test('what must hold at every attempt ends the wait where it does not, and false means not yet', async () => {
  let calls = 0;
  const seen = until('three', () => {
    calls += 1;
    if (calls === 3) throw new Error('never three');
    return false;
  });
  await assert.rejects(seen, /^Error: never three$/);
  assert.equal(await until('four', () => ++calls === 5 && calls), 5);
});

test('a value is stable only once it has stopped changing', async () => {
  let n = 0;
  const probe = () => Promise.resolve(n < 10 ? n++ : n);
  assert.equal(await pollUntilStable('n', probe, { deadlineMs: 5000, everyMs: 1, forMs: 20 }), 10);
});
