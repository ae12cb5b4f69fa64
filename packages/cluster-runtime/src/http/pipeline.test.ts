import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import test, { beforeEach, type TestContext } from 'node:test';
import { register } from 'prom-client';
import { listen } from '../../test/support/listen.ts';
import type { App } from '../core/app.ts';
import { httpRequests } from './http-metrics.ts';
import { createListener } from './pipeline.ts';

beforeEach(() => register.resetMetrics());

/** An application without a framework. */
const PLAIN: App = {
  listener: (req, res) => void res.writeHead(req.url === '/hello' ? 200 : 404).end('from the app'),
  routeOf: (req) => (req.url === '/hello' ? '/hello' : undefined),
};

async function serve(t: TestContext, isEnding = () => false, app = PLAIN): Promise<string> {
  return (await listen(t, createListener(app, { isEnding, slowRequestMs: 1000, metrics: true }))).url;
}

async function counts(): Promise<Record<string, number>> {
  const { values } = await httpRequests.get();
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels.route} ${labels.status}`, value]));
}

test('requests are counted by the routes of an application without a framework, and health checks by their own', async (t) => {
  const url = await serve(t);
  for (const path of ['/hello', '/hello', '/nowhere', '/readyz?x']) await (await fetch(url + path)).text();
  assert.deepEqual(await counts(), { '/hello 200': 2, 'unmatched 404': 1, '/readyz 200': 1 });
});

test('without routeOf all requests share one route label', async (t) => {
  const { listener } = PLAIN;
  const url = await serve(t, undefined, { listener });
  await (await fetch(`${url}/hello`)).text();
  assert.deepEqual(await counts(), { 'unmatched 200': 1 });
});

test('the status that is sent is counted, and not one set before', async (t) => {
  const late = (_req: unknown, res: ServerResponse) => {
    res.statusCode = 201;
    setImmediate(() => res.writeHead(418, { 'Content-Length': 2 }).end('no'));
  };
  const url = await serve(t, undefined, { listener: late, routeOf: () => '/late' });
  await (await fetch(url)).text();
  assert.deepEqual(await counts(), { '/late 418': 1 });
});

test('while the application ends, a worker is alive and not ready', async (t) => {
  let ending = false;
  const url = await serve(t, () => ending);
  const status = async (path: string) => (await fetch(url + path)).status;
  assert.deepEqual([await status('/livez'), await status('/readyz')], [200, 200]);
  ending = true;
  assert.deepEqual([await status('/livez'), await status('/readyz')], [200, 503]);
});

test('workers do not serve metrics or status', async (t) => {
  const url = await serve(t);
  for (const path of ['/metrics', '/status', '/targets', '/METRICS/', '//metrics']) {
    const answer = await fetch(url + path);
    assert.deepEqual([answer.status, await answer.text()], [404, 'from the app'], path);
  }
});
