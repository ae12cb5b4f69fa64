import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type RequestOptions, request } from 'node:http';
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
  return { directory, ask };
}

async function pageOf(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`)).text();
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
