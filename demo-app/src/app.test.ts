import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { listen } from '../../packages/cluster-runtime/test/support/listen.ts';
import { createApp } from './app.ts';
import { pingResponses } from './metrics.ts';

const serve = async (t: TestContext): Promise<string> => (await listen(t, createApp().listener)).url;

test('GET /ping answers Pong as plain text and counts it', async (t) => {
  const url = await serve(t);
  const response = await fetch(`${url}/ping`);
  assert.equal(await response.text(), 'Pong');
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain/);
  const { values } = await pingResponses.get();
  assert.deepEqual(
    values.map(({ labels, value }) => [labels.status, value]),
    [[200, 1]],
  );
});

test('a malformed path is a client error, and the response shows no internals', async (t) => {
  const url = await serve(t);
  const response = await fetch(`${url}/%E0%A4%A`);
  assert.ok([400, 404].includes(response.status));
  assert.doesNotMatch(await response.text(), /\bat\b|node_modules/);
  assert.equal(response.headers.get('x-powered-by'), null);
});
