import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fetch, readCounts } from './read-counts.js';

const OPTIONS = { timeoutMs: 1000, attempts: 3 };
const counts = (worker: number) => ({ worker, own: worker, shared: 10, controls: false });

/** Gives these answers in order. An error stands for a broken connection. */
function answering(...answers: (Response | Error)[]): Fetch & { requested: string[] } {
  const requested: string[] = [];
  const fetch = async (path: string) => {
    requested.push(path);
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer ?? new Error('too many requests');
  };
  return Object.assign(fetch, { requested });
}

test('the first response has both counts', async () => {
  const fetch = answering(Response.json(counts(1)));
  assert.deepEqual(await readCounts(fetch, OPTIONS), { first: counts(1), any: counts(1), missing: false });
  assert.deepEqual(fetch.requested, ['/demo/counts']);
});

test('if the first attempt fails, the shared count comes from a later one', async () => {
  const fetch = answering(new Error('too late'), new Response('', { status: 503 }), Response.json(counts(3)));
  assert.deepEqual(await readCounts(fetch, OPTIONS), { first: null, any: counts(3), missing: false });
});

test('if no attempt succeeds there are no counts', async () => {
  const fetch = answering(new Error('1'), new Error('2'), new Error('3'));
  assert.deepEqual(await readCounts(fetch, OPTIONS), { first: null, any: null, missing: false });
  assert.equal(fetch.requested.length, 3);
});

test('an app without /demo/counts gets one request', async () => {
  const fetch = answering(new Response('', { status: 404 }));
  assert.deepEqual(await readCounts(fetch, OPTIONS), { first: null, any: null, missing: true });
});
