import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, type Fetch } from './ask.js';

const OPTIONS = { timeoutMs: 1000, attempts: 3 };
const counts = (worker: number) => ({ worker, own: worker, shared: 10, controls: false });

/** Answers one after the other; an error is a connection that broke. */
function answering(...answers: (Response | Error)[]): Fetch & { asked: string[] } {
  const asked: string[] = [];
  const fetch = async (path: string) => {
    asked.push(path);
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer ?? new Error('asked too often');
  };
  return Object.assign(fetch, { asked });
}

test('who answers first has told both counts', async () => {
  const fetch = answering(Response.json(counts(1)));
  assert.deepEqual(await ask(fetch, OPTIONS), { first: counts(1), any: counts(1), missing: false });
  assert.deepEqual(fetch.asked, ['/demo/counts']);
});

test('of a worker that is silent or fails there is no count; the shared one is told by the next', async () => {
  const fetch = answering(new Error('too late'), new Response('', { status: 503 }), Response.json(counts(3)));
  assert.deepEqual(await ask(fetch, OPTIONS), { first: null, any: counts(3), missing: false });
});

test('where nobody answers there is nothing', async () => {
  const fetch = answering(new Error('1'), new Error('2'), new Error('3'));
  assert.deepEqual(await ask(fetch, OPTIONS), { first: null, any: null, missing: false });
  assert.equal(fetch.asked.length, 3);
});

test('an application without the question is not asked twice', async () => {
  const fetch = answering(new Response('', { status: 404 }));
  assert.deepEqual(await ask(fetch, OPTIONS), { first: null, any: null, missing: true });
});
