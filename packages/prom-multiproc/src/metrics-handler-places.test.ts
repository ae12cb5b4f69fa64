/** The metrics handler in web frameworks and in each process of a cluster. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import express from 'express';
import Fastify from 'fastify';
import client from 'prom-client';
import { fetchFromCluster } from '../test/support/fetch-from-cluster.ts';
import { sample } from '../test/support/sample.ts';
import { shareCounter } from '../test/support/shared-counter.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';
import { metricsHandler } from './metrics-handler.ts';

/** Where an application mounts the handler, by framework. */
const FRAMEWORKS: Record<string, (handler: RequestListener) => Promise<RequestListener>> = {
  'node:http': async (handler) => handler,
  'Express, as routes': async (handler) => express().get(['/metrics', '/metrics/workers/:slot'], handler),
  'Express, mounted': async (handler) => express().use('/metrics', handler),
  Fastify: async (handler) => {
    const app = Fastify();
    for (const url of ['/metrics', '/metrics/workers/:slot']) {
      app.route({
        method: ['GET', 'HEAD'],
        url,
        handler(request, reply) {
          reply.hijack();
          handler(request.raw, reply.raw);
        },
      });
    }
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
};

async function listen(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

for (const [framework, mount] of Object.entries(FRAMEWORKS)) {
  test(`${framework}: the handler serves the totals, one worker, and HEAD requests`, async (t) => {
    const url = await listen(t, await mount(metricsHandler(shareCounter(t).register)));
    for (const path of ['', '/workers/0']) {
      const answer = await fetch(url + path);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), client.Registry.PROMETHEUS_CONTENT_TYPE);
      assert.equal(answer.headers.get('content-encoding'), 'gzip', 'fetch asks for it');
      assert.equal(sample(await answer.text(), 'a_total'), 3);
      const head = await fetch(url + path, { method: 'HEAD' });
      assert.deepEqual([head.status, await head.text()], [200, '']);
    }
    assert.equal((await fetch(`${url}/workers/1`)).status, 404);
  });
}

test('if other code has already answered, the handler changes nothing and the process stays alive', async (t) => {
  const register = new client.Registry();
  const handler = metricsHandler(register);
  const url = await listen(t, (request, response) => {
    handler(request, response);
    response.end('too late');
  });
  for (let i = 0; i < 2; i++) assert.equal(await (await fetch(url)).text(), 'too late');
});

test('every process of a cluster that shares shows the totals', async (t) => {
  const { primary, worker } = await fetchFromCluster(t, temporaryDirectory(t));
  for (const { status, text } of [primary, worker]) {
    assert.equal(status, 200);
    assert.equal(sample(text, 'requests_total'), 1);
  }
});

test('in a cluster that does not share, no process shows the counts of one process', async (t) => {
  const { primary, worker } = await fetchFromCluster(t, undefined);
  const why = /does not share its metrics: set PROMETHEUS_MULTIPROC_DIR and call share\(\)/;
  for (const [who, { status, text }] of Object.entries({ primary, worker })) {
    assert.equal(status, 503);
    assert.match(text, why);
    assert.match(text, new RegExp(`^This cluster ${who} does not`));
  }
});
