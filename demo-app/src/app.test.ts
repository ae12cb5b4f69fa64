import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { createApp } from './app.ts';
import { pingResponses } from './metrics.ts';

async function serve(t: TestContext, isDraining = () => false): Promise<string> {
  const server = createServer(createApp({ isDraining, slowRequestMs: 1000, metrics: true })).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

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

test('alive while draining, but not ready', async (t) => {
  let draining = false;
  const url = await serve(t, () => draining);
  const status = async (path: string) => (await fetch(url + path)).status;
  assert.deepEqual([await status('/livez'), await status('/readyz')], [200, 200]);
  draining = true;
  assert.deepEqual([await status('/livez'), await status('/readyz')], [200, 503]);
});

test('metrics, status and controls are not served with the requests', async (t) => {
  const url = await serve(t);
  for (const path of ['/metrics', '/status', '/demo/unshared', '/METRICS/', '//metrics']) {
    assert.equal((await fetch(url + path)).status, 404, path);
  }
});

test('a malformed path is the client’s error, and the answer says nothing of the inside', async (t) => {
  const url = await serve(t);
  const response = await fetch(`${url}/%E0%A4%A`);
  assert.ok([400, 404].includes(response.status));
  assert.doesNotMatch(await response.text(), /\bat\b|node_modules/);
  assert.equal(response.headers.get('x-powered-by'), null);
});
