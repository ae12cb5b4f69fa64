import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import test, { beforeEach, type TestContext } from 'node:test';
import express from 'express';
import { register } from 'prom-client';
import { listen } from '../../test/support/listen.ts';
import { requestsShed } from './http-metrics.ts';
import { type SheddingOptions, shedding } from './load-shedding.ts';
import { threadCpuMs } from './queue-delay.ts';
import { chain } from './step.ts';

beforeEach(() => register.resetMetrics());

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
}

async function serve(t: TestContext, options: SheddingOptions, route: express.RequestHandler) {
  const app = express();
  app.get('/', route);
  const { url } = await listen(t, chain(shedding(options), app));
  return async (): Promise<Answer> => {
    const response = await fetch(url);
    await response.text();
    return { status: response.status, retryAfter: response.headers.get('retry-after') };
  };
}

/** Uses CPU time, in milliseconds. */
function use(ms: number): void {
  const end = threadCpuMs() + ms;
  while (threadCpuMs() < end);
}

async function shed(reason: string): Promise<number> {
  const { values } = await requestsShed.get();
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}

test('each request that ends frees one place', async (t) => {
  const held: express.Response[] = [];
  const two = Promise.withResolvers<void>();
  const send = await serve(t, { maxWaitMs: 0, maxInFlight: 2 }, (_req, res) => {
    held.push(res);
    if (held.length === 2) two.resolve();
    if (held.length > 2) res.send('at once');
  });
  const waiting = [send(), send()];
  await two.promise;
  assert.deepEqual(await send(), { status: 503, retryAfter: '1' });
  assert.equal(await shed('in_flight'), 1);
  const closed = Promise.all(held.map((res) => once(res, 'close')));
  for (const res of held) res.send('done');
  await closed;
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  );
  assert.equal((await send()).status, 200);
});

test('a client that disconnects frees its place', async (t) => {
  const begun = Promise.withResolvers<express.Response>();
  let taken = 0;
  const app = express();
  app.get('/', (_req, res) => {
    taken++;
    if (taken === 1) begun.resolve(res);
    else res.send('at once');
  });
  const { url } = await listen(t, chain(shedding({ maxWaitMs: 0, maxInFlight: 1 }), app));
  const controller = new AbortController();
  const aborted = assert.rejects(fetch(url, { signal: controller.signal }));
  const closed = once(await begun.promise, 'close');
  assert.equal((await fetch(url)).status, 503);
  controller.abort();
  await Promise.all([aborted, closed]);
  assert.equal((await fetch(url)).status, 200);
});

test('a request that waited too long in a connection not yet accepted is shed if the proxy sends X-Request-Start', async (t) => {
  const app = express();
  app.get('/', (_req, res) => {
    use(10);
    res.send('done');
  });
  const { url } = await listen(t, chain(shedding({ maxWaitMs: 100, maxInFlight: 0 }), app));
  const headers = { 'X-Request-Start': `t=${(Date.now() / 1000).toFixed(3)}` };
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const [res] = (await once(get(url, { agent: false, headers }), 'response')) as [IncomingMessage];
      res.resume();
      return res.statusCode;
    }),
  );
  const served = statuses.filter((status) => status === 200);
  const rejected = statuses.filter((status) => status === 503);
  assert.equal(served.length + rejected.length, statuses.length);
  assert.ok(served.length > 0);
  assert.ok(rejected.length > 0);
  assert.equal(await shed('wait'), rejected.length);
});
