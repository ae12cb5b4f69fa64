import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poll, pollUntilStable, until } from './poll.ts';

test('poll() returns the first defined value', async () => {
  let calls = 0;
  const value = await poll('three', () => (++calls === 3 ? calls : undefined), {
    deadlineMs: 5000,
    everyMs: 1,
  });
  assert.equal(value, 3);
});

test('at the deadline poll() rejects with what was awaited and the last error', async () => {
  const failing = poll('the server', () => Promise.reject(new Error('refused')), {
    deadlineMs: 5,
    everyMs: 1,
  });
  await assert.rejects(failing, (error: Error) => {
    assert.match(error.message, /timed out after 5 ms waiting for the server/);
    assert.match(String(error.cause), /refused/);
    return true;
  });
});

test('until() rejects at the first error and waits while the value is false', async () => {
  let calls = 0;
  const seen = until('three', () => {
    calls += 1;
    if (calls === 3) throw new Error('never three');
    return false;
  });
  await assert.rejects(seen, /^Error: never three$/);
  assert.equal(await until('four', () => ++calls === 5 && calls), 5);
});

test('pollUntilStable() returns the value after it has stopped changing', async () => {
  let n = 0;
  const probe = () => Promise.resolve(n < 10 ? n++ : n);
  assert.equal(await pollUntilStable('n', probe, { deadlineMs: 5000, everyMs: 1, forMs: 20 }), 10);
});
