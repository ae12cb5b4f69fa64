import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { MetricsRoute } from '../core/extension.ts';
import { createMetricsServer, type MetricsPages } from './metrics-server.ts';

const TOTALS: MetricsPages = {
  requireSharing() {},
  serve: (req, res) => res.end(`metrics of ${req.url}`),
};

async function open(t: TestContext, routes: Record<string, MetricsRoute>, metrics = TOTALS): Promise<string> {
  const server = createMetricsServer(new Map(Object.entries(routes)), metrics).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const status: MetricsRoute = () => ({
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  body: 'up 1\n',
});

test('a route answers with its content type, with and without a query', async (t) => {
  const url = await open(t, { '/status': status });
  for (const path of ['/status', '/status?x=1']) {
    const response = await fetch(url + path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await response.text(), 'up 1\n');
  }
});

test('HEAD gets the response of GET without the body', async (t) => {
  const url = await open(t, { '/status': status });
  const response = await fetch(`${url}/status`, { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), '5');
  assert.equal(await response.text(), '');
});

test('every method but GET and HEAD gets 405', async (t) => {
  const url = await open(t, { '/status': status });
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    for (const path of ['/status', '/metrics', '/metrics/workers/0']) {
      const response = await fetch(url + path, { method });
      assert.equal(response.status, 405, method);
      assert.equal(response.headers.get('allow'), 'GET, HEAD');
    }
  }
});

test('any other path gets 404', async (t) => {
  const url = await open(t, { '/status': status });
  for (const path of [
    '/',
    '/metrics/',
    '/Metrics',
    '/%6detrics',
    '//metrics',
    '/metrics/workers',
    '/metrics/workers/',
    '/metrics/workers/x',
    '/metrics/workers/0/',
    '/metrics/workers/-1',
    '/metrics/workers/12345',
    '/x/metrics/workers/0',
    '/statuses',
  ]) {
    assert.equal((await fetch(url + path)).status, 404, path);
  }
});

test('the totals and the series of one worker are served', async (t) => {
  const url = await open(t, { '/status': status });
  for (const path of ['/metrics', '/metrics?x=1', '/metrics/workers/0', '/metrics/workers/12']) {
    const response = await fetch(url + path);
    assert.equal(await response.text(), `metrics of ${path}`);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  }
});

test('a page that cannot be produced gets 503 with the reason', async (t) => {
  const cannot = () => {
    throw new Error('cannot share: disk full');
  };
  const url = await open(t, { '/status': cannot }, { ...TOTALS, requireSharing: cannot });
  for (const path of ['/status', '/metrics', '/metrics/workers/0']) {
    const response = await fetch(url + path);
    assert.equal(response.status, 503);
    assert.equal(await response.text(), 'Unavailable: cannot share: disk full\n');
  }
});
