import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import test, { beforeEach, type TestContext } from 'node:test';
import express from 'express';
import { register } from 'prom-client';
import { listen } from '../../test/support/listen.ts';
import { openRaw } from '../../test/support/raw-http.ts';
import { requestsShed } from './http-metrics.ts';
import { type SheddingOptions, shedding } from './load-shedding.ts';
import { threadMs } from './queue-delay.ts';

beforeEach(() => register.resetMetrics());

interface Asked {
  readonly status: number;
  readonly retryAfter: string | null;
}

async function serve(t: TestContext, options: SheddingOptions, route: express.RequestHandler) {
  const app = express();
  app.use(shedding(options));
  app.get('/', route);
  const { url } = await listen(t, app);
  return async (): Promise<Asked> => {
    const response = await fetch(url);
    await response.text();
    return { status: response.status, retryAfter: response.headers.get('retry-after') };
  };
}

/** The middleware by itself, without a server and without waiting. */
function byHand(options: Pick<SheddingOptions, 'maxWaitMs'>) {
  let clock = 0;
  let processor = 0;
  let idle = 0;
  const middleware = shedding({
    ...options,
    maxInFlight: 0,
    now: () => clock,
    processorMs: () => processor,
    idleMs: () => idle,
  });
  const res = { once: () => res, writeHead: () => res, end: () => res };
  function work(ms: number): void {
    clock += ms;
    processor += ms;
  }
  return {
    /** One request that costs so much; how often it was begun is in what it returns. */
    request(ms = 0, answer: object = res, onBegin?: () => void): { begun: number } {
      const asked = { begun: 0 };
      middleware({ headers: {} } as express.Request, answer as unknown as express.Response, () => {
        asked.begun++;
        onBegin?.();
        work(ms);
      });
      return asked;
    },
    work,
    /** Time passes, and the worker has no processor. */
    stand(ms: number): void {
      clock += ms;
    },
    rest(ms: number): void {
      clock += ms;
      idle += ms;
    },
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

const begun = (requests: readonly { begun: number }[]) => requests.map((one) => one.begun);

/** Milliseconds of processor. */
function use(ms: number): void {
  const end = threadMs() + ms;
  while (threadMs() < end);
}

async function shed(reason: string): Promise<number> {
  const { values } = await requestsShed.get();
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}

test('what waited too long is turned away and counted; after a rest nobody is', async () => {
  const { request, rest, turn } = byHand({ maxWaitMs: 100 });
  const asked = Array.from({ length: 13 }, () => request(20));
  for (let i = 0; i < asked.length; i++) await turn();
  assert.deepEqual(begun(asked), [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
  assert.equal(await shed('wait'), 3);
  rest(1);
  const later = Array.from({ length: 6 }, () => request(20));
  for (let i = 0; i < later.length; i++) await turn();
  assert.deepEqual(begun(later), [1, 1, 1, 1, 1, 1]);
  assert.equal(await shed('wait'), 3);
});

test('a turn begins no more than takes a few milliseconds, and each in its order', async () => {
  const { request, turn } = byHand({ maxWaitMs: 1000 });
  const asked = Array.from({ length: 4 }, () => request(20));
  assert.deepEqual(begun(asked), [1, 0, 0, 0]);
  await turn();
  assert.deepEqual(begun(asked), [1, 1, 0, 0]);
  const last = request(20);
  assert.equal(last.begun, 0, 'behind those that wait');
  for (const expected of [
    [1, 1, 1, 0, 0],
    [1, 1, 1, 1, 0],
    [1, 1, 1, 1, 1],
  ]) {
    await turn();
    assert.deepEqual(begun([...asked, last]), expected);
  }
});

test('what costs next to nothing does not wait for a turn', () => {
  const { request } = byHand({ maxWaitMs: 100 });
  const asked = Array.from({ length: 100 }, () => request(0.01));
  assert.ok(asked.every((one) => one.begun === 1));
});

test('what went away while it waited is not begun', async () => {
  const { request, turn } = byHand({ maxWaitMs: 100 });
  request(20);
  const gone = { destroyed: false };
  const asked = [request(20, gone), request(20)];
  gone.destroyed = true;
  for (let i = 0; i < 3; i++) await turn();
  assert.deepEqual(begun(asked), [0, 1]);
  assert.equal(await shed('wait'), 0);
});

test('what waited is begun in its own asynchronous context', async () => {
  const { request, turn } = byHand({ maxWaitMs: 100 });
  const context = new AsyncLocalStorage<number>();
  const found: unknown[] = [];
  for (let i = 0; i < 4; i++)
    context.run(i, () => request(20, undefined, () => found.push(context.getStore())));
  for (let i = 0; i < 4; i++) await turn();
  assert.deepEqual(found, [0, 1, 2, 3]);
});

test('while requests wait, new connections are accepted', async (t) => {
  const EACH = 30;
  const allServed = Promise.withResolvers<number>();
  const allAccepted = Promise.withResolvers<void>();
  let accepted = 0;
  let served = 0;
  const app = express();
  app.use(shedding({ maxWaitMs: 0, maxInFlight: 0 }));
  app.get('/', (_req, res) => {
    use(5);
    res.send('done');
    if (++served === EACH) allServed.resolve(accepted - EACH);
  });
  const { server, port } = await listen(t, app);
  server.on('connection', () => {
    if (++accepted === EACH) allAccepted.resolve();
  });
  const open = () => Array.from({ length: EACH }, () => openRaw(port));
  const clients = open();
  await allAccepted.promise;
  for (const client of clients) client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  clients.push(...open());
  const meanwhile = await allServed.promise;
  for (const client of clients) client.destroy();
  assert.ok(meanwhile > EACH / 2, `${meanwhile} of ${EACH}`);
});

test('time between turns is no wait', async () => {
  const { request, work, turn } = byHand({ maxWaitMs: 100 });
  for (let i = 0; i < 5; i++) {
    work(10_000);
    assert.equal(request().begun, 1);
    await turn();
  }
});

test('a worker that is kept from its processor turns nobody away', async () => {
  const { request, stand, turn } = byHand({ maxWaitMs: 100 });
  const asked = Array.from({ length: 50 }, () => {
    stand(1_000);
    return request();
  });
  for (let i = 0; i < 50; i++) {
    stand(1_000);
    await turn();
  }
  assert.ok(asked.every((one) => one.begun === 1));
  assert.equal(await shed('wait'), 0);
});

test('one long request alone turns nobody away', async () => {
  const { request, turn } = byHand({ maxWaitMs: 100 });
  const asked = [request(20), request(5_000), request(), request()];
  for (let i = 0; i < 3; i++) await turn();
  assert.deepEqual(begun(asked), [1, 1, 1, 1]);
});

test('requests that end make room for as many others', async (t) => {
  const held: express.Response[] = [];
  const two = Promise.withResolvers<void>();
  const ask = await serve(t, { maxWaitMs: 0, maxInFlight: 2 }, (_req, res) => {
    held.push(res);
    if (held.length === 2) two.resolve();
    if (held.length > 2) res.send('at once');
  });
  const waiting = [ask(), ask()];
  await two.promise;
  assert.deepEqual(await ask(), { status: 503, retryAfter: '1' });
  assert.equal(await shed('in_flight'), 1);
  const closed = Promise.all(held.map((res) => once(res, 'close')));
  for (const res of held) res.send('done');
  await closed;
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [200, 200],
  );
  assert.equal((await ask()).status, 200);
});

test('clients that go away make room too', async (t) => {
  const begun = Promise.withResolvers<express.Response>();
  let taken = 0;
  const app = express();
  app.use(shedding({ maxWaitMs: 0, maxInFlight: 1 }));
  app.get('/', (_req, res) => {
    taken++;
    if (taken === 1) begun.resolve(res);
    else res.send('at once');
  });
  const { url } = await listen(t, app);
  const going = new AbortController();
  const gone = assert.rejects(fetch(url, { signal: going.signal }));
  const closed = once(await begun.promise, 'close');
  assert.equal((await fetch(url)).status, 503);
  going.abort();
  await Promise.all([gone, closed]);
  assert.equal((await fetch(url)).status, 200);
});

test('what waited in connections that were not accepted yet is turned away too, where the proxy says since when', async (t) => {
  const app = express();
  app.use(shedding({ maxWaitMs: 100, maxInFlight: 0 }));
  app.get('/', (_req, res) => {
    use(10);
    res.send('done');
  });
  const { url } = await listen(t, app);
  const headers = { 'X-Request-Start': `t=${(Date.now() / 1000).toFixed(3)}` };
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const [res] = (await once(get(url, { agent: false, headers }), 'response')) as [IncomingMessage];
      res.resume();
      return res.statusCode;
    }),
  );
  const served = statuses.filter((status) => status === 200);
  const refused = statuses.filter((status) => status === 503);
  assert.equal(served.length + refused.length, statuses.length);
  assert.ok(served.length > 0);
  assert.ok(refused.length > 0);
  assert.equal(await shed('wait'), refused.length);
});
