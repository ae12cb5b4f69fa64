import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import test, { beforeEach, type TestContext } from 'node:test';
import { register } from 'prom-client';
import { until } from '../../../prom-multiproc/test/support/poll.ts';
import { listen } from '../../test/support/listen.ts';
import { logged } from '../../test/support/logged.ts';
import type { App } from '../core/app.ts';
import { log } from '../core/log.ts';
import { idsInFlight, requestIdOf } from './exchange.ts';
import { httpRequests } from './http-metrics.ts';
import { shedding } from './load-shedding.ts';
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

test('the runtime adds one listener to a response, for all of its parts', async (t) => {
  const seen: number[] = [];
  const count: App['listener'] = (_req, res) => {
    seen.push(res.eventNames().reduce((sum, name) => sum + res.listenerCount(name), 0));
    res.end();
  };
  const shed = shedding({ maxWaitMs: 100, maxInFlight: 10 });
  const options = { isEnding: () => false, slowRequestMs: 1000, metrics: true, shed };
  for (const listener of [count, createListener({ listener: count }, options)])
    await fetch((await listen(t, listener)).url);
  assert.equal(seen[1]! - seen[0]!, 1);
});

for (const [logRequestIds, lineOfApp] of [
  [false, undefined],
  [true, 'the-one'],
] as const) {
  test(`the line of a failed request has its id, those of the application ${logRequestIds ? 'too' : 'only with logRequestIds'}`, async (t) => {
    const lines = logged(t);
    const listener: App['listener'] = (_req, res) => {
      log('info', 'from the application');
      res.writeHead(500).end();
    };
    const url = await serve(t, undefined, { listener, logRequestIds });
    await fetch(url, { headers: { 'X-Request-Id': 'the-one' } });
    await until('the line of the runtime', () => lines.some(({ msg }) => msg === 'request failed'));
    assert.deepEqual(
      lines.map(({ msg, request_id }) => [msg, request_id]),
      [
        ['from the application', lineOfApp],
        ['request failed', 'the-one'],
      ],
    );
  });
}

test('the ids of requests in flight are known until their responses close, the newest first', async (t) => {
  const held: ServerResponse[] = [];
  const arrived = Promise.withResolvers<void>();
  const url = await serve(t, undefined, {
    listener: (_req, res) => {
      if (held.push(res) === 3) arrived.resolve();
    },
  });
  const answers: Promise<Response>[] = [];
  for (const id of ['one', 'two', 'three']) {
    answers.push(fetch(url, { headers: { 'X-Request-Id': id } }));
    await until(`${id} in flight`, () => idsInFlight(10)[0] === id);
  }
  await arrived.promise;
  assert.deepEqual(idsInFlight(10), ['three', 'two', 'one']);
  assert.deepEqual(idsInFlight(2), ['three', 'two']);
  for (const [i, left] of [
    [1, ['three', 'one']],
    [2, ['one']],
    [0, []],
  ] as const) {
    assert.equal(requestIdOf(held[i]!), ['one', 'two', 'three'][i]);
    held[i]!.end();
    await until('the end of the request', () => idsInFlight(10).length === left.length);
    assert.deepEqual(idsInFlight(10), left);
  }
  await Promise.all(answers.map(async (answer) => (await answer).text()));
});
