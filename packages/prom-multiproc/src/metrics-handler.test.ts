import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
  request,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import client from 'prom-client';
import { sample } from '../test/support/sample.ts';
import { shareCounter } from '../test/support/shared-counter.ts';
import type { Cleanup } from '../test/support/temporary-directory.ts';
import { metricsHandler } from './metrics-handler.ts';

async function serve(t: Cleanup, ...others: client.Registry[]) {
  const { directory, register } = shareCounter(t);
  const server = createServer(metricsHandler(register, ...others)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (options: RequestOptions = {}) => {
    const asked = request({ host: '127.0.0.1', port, path: '/metrics', agent: false, ...options }).end();
    const [response] = await once(asked, 'response');
    const body = Buffer.concat(await response.toArray());
    return { status: response.statusCode as number, headers: response.headers, body };
  };
  return { directory, register, ask };
}

async function pageOf(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const headers = { 'Accept-Encoding': 'identity' };
    return await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  } finally {
    server.close();
  }
}

test('GET returns the totals, uncached, in the content type of the registry', async (t) => {
  const { ask } = await serve(t);
  const { status, headers, body } = await ask();
  assert.equal(status, 200);
  assert.equal(headers['content-type'], client.Registry.PROMETHEUS_CONTENT_TYPE);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(Number(headers['content-length']), body.length);
  assert.equal(sample(body.toString(), 'a_total'), 3);
});

test('HEAD returns only the headers of GET, and other methods get 405', async (t) => {
  const { ask } = await serve(t);
  const { status, headers, body } = await ask({ method: 'HEAD' });
  assert.deepEqual([status, body.length], [200, 0]);
  assert.ok(Number(headers['content-length']) > 0);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const refused = await ask({ method });
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD'], method);
  }
});

test('a scrape lists the metrics of a registry four times, whether or not the format is negotiated', async (t) => {
  const { register, ask } = await serve(t);
  const lists = t.mock.method(register, 'getMetricsAsArray');
  for (const accept of ['', 'application/openmetrics-text', 'application/vnd.google.protobuf']) {
    const before = lists.mock.callCount();
    assert.equal((await ask({ headers: { accept } })).status, 200);
    assert.equal(lists.mock.callCount() - before, 4, accept);
  }
});

test('the answer is gzipped if and only if the client accepts it', async (t) => {
  const { ask } = await serve(t);
  for (const wanted of ['gzip', 'br, gzip', 'GZIP;q=0.5', 'deflate, gzip;q=1.0']) {
    const { headers, body } = await ask({ headers: { 'Accept-Encoding': wanted } });
    assert.equal(headers['content-encoding'], 'gzip', wanted);
    assert.equal(sample(gunzipSync(body).toString(), 'a_total'), 3);
  }
  for (const wanted of ['', 'identity', 'gzip;q=0', 'gzip;q=0.0', 'br', 'xgzip']) {
    const { headers, body } = await ask({ headers: { 'Accept-Encoding': wanted } });
    assert.equal(headers['content-encoding'], undefined, wanted);
    assert.equal(sample(body.toString(), 'a_total'), 3);
  }
});

test('registries private to this process are shown after the totals and take no slot', async (t) => {
  const own = new client.Registry();
  new client.Counter({ name: 'own_total', help: 'Own', registers: [own] }).inc(2);
  const { ask, directory } = await serve(t, own);
  const text = (await ask()).body.toString();
  assert.deepEqual([sample(text, 'a_total'), sample(text, 'own_total')], [3, 2]);
  assert.deepEqual(readdirSync(directory), ['slot-0.metrics']);
  const worker = (await ask({ path: '/metrics/workers/0' })).body.toString();
  assert.doesNotMatch(worker, /own_total/);
});

test('several OpenMetrics registries make one exposition with one # EOF', async () => {
  const registries = ['one', 'two'].map((name) => {
    const register = new client.Registry();
    register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
    new client.Gauge({ name, help: name, registers: [register] }).set(1);
    return register;
  }) as [client.Registry, client.Registry];
  const text = await pageOf(metricsHandler(...registries));
  assert.equal(text.match(/# EOF/g)?.length, 1);
  assert.match(text, /^one 1\n[\s\S]*^two 1\n# EOF\n$/m);
  assert.throws(() => metricsHandler(registries[0], new client.Registry()), /set the same one for all/);
});

test('a metrics() with which the application has replaced that of the registry is served', async (t) => {
  const { register } = shareCounter(t);
  const { metrics } = register;
  register.metrics = async () => `${await metrics.call(register)}own 1\n`;
  assert.match(await pageOf(metricsHandler(register)), /^a_total 3$[\s\S]*^own 1$/m);
});

test('a page that a client reads slowly does not change when later pages are made', async (t) => {
  const { register } = shareCounter(t);
  const counter = new client.Counter({
    name: 'n_total',
    help: 'N',
    labelNames: ['n'],
    registers: [register],
  });
  // More than the buffers of a connection hold.
  const count = () => {
    for (let n = 0; n < 200; n++) counter.inc({ n: `${n} ${'x'.repeat(50_000)}` });
  };
  count();
  const server = createServer(metricsHandler(register)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async () => {
    const [response] = await once(request({ host: '127.0.0.1', port, agent: false }).end(), 'response');
    return response as IncomingMessage;
  };
  const valuesOf = async (response: IncomingMessage) => {
    const text = Buffer.concat(await response.toArray()).toString();
    return new Set(Array.from(text.matchAll(/^n_total.* (\d+)$/gm), ([, value]) => value));
  };
  const slow = await ask();
  for (const value of ['2', '3']) {
    count();
    assert.deepEqual(await valuesOf(await ask()), new Set([value]));
  }
  assert.deepEqual(await valuesOf(slow), new Set(['1']));
});

test('a page that other code has kept does not change when later pages are made', async (t) => {
  const { register } = shareCounter(t);
  const handler = metricsHandler(register);
  const kept: Buffer[] = [];
  const keepAndServe: RequestListener = (request, response) => {
    const { end } = response;
    response.end = ((body: Buffer) => end.call(response, kept[kept.push(body) - 1], 'utf8')) as typeof end;
    handler(request, response);
  };
  for (let total = 3; total <= 5; total++) {
    await pageOf(keepAndServe);
    (register.getSingleMetric('a_total') as client.Counter).inc();
  }
  assert.deepEqual(
    kept.map((page) => sample(page.toString(), 'a_total')),
    [3, 4, 5],
  );
});

test('/workers/<slot> shows one worker while it is alive', async (t) => {
  const { ask } = await serve(t);
  const { status, body } = await ask({ path: '/metrics/workers/0?x=1' });
  assert.equal(status, 200);
  assert.equal(sample(body.toString(), 'a_total'), 3);
  assert.equal((await ask({ path: '/metrics/workers/1' })).status, 404);
});

test('the answer is 503 with the reason if the totals cannot be read', async (t) => {
  const { directory, ask } = await serve(t);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'so that it cannot be made again');
  for (const path of ['/metrics', '/metrics/workers/0']) {
    const { status, body } = await ask({ path });
    assert.equal(status, 503);
    assert.match(body.toString(), /is not a directory/);
  }
});
