import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { createMetricsDoor, type Door } from './metrics-door.ts';

async function open(t: TestContext, doors: Record<string, Door>): Promise<string> {
  const server = createMetricsDoor(new Map(Object.entries(doors))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const metrics: Door = () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' });

test('a known path answers with its own content type, with or without a query', async (t) => {
  const url = await open(t, { '/metrics': metrics });
  for (const path of ['/metrics', '/metrics?x=1']) {
    const response = await fetch(url + path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await response.text(), 'up 1\n');
  }
});

test('HEAD answers as GET does, without the body', async (t) => {
  const url = await open(t, { '/metrics': metrics });
  const response = await fetch(`${url}/metrics`, { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), '5');
  assert.equal(await response.text(), '');
});

test('everything that could write is refused', async (t) => {
  const url = await open(t, { '/metrics': metrics });
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const response = await fetch(`${url}/metrics`, { method });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
  }
});

test('any other path is not found', async (t) => {
  const url = await open(t, { '/metrics': metrics });
  for (const path of ['/', '/metrics/', '/Metrics', '/%6detrics', '//metrics', '/demo/unshared']) {
    assert.equal((await fetch(url + path)).status, 404, path);
  }
});

test('what cannot be shared is a 503 that says why, never half an answer', async (t) => {
  const url = await open(t, {
    '/metrics': () => {
      throw new Error('cannot share: disk full');
    },
  });
  const response = await fetch(`${url}/metrics`);
  assert.equal(response.status, 503);
  assert.equal(await response.text(), 'Unavailable: cannot share: disk full\n');
});
