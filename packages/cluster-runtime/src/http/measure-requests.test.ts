import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import test, { beforeEach, type TestContext } from 'node:test';
import express, { type Response } from 'express';
import { register } from 'prom-client';
import { listen } from '../../test/support/listen.ts';
import { openRaw } from '../../test/support/raw-http.ts';
import { expressRoute } from './express-route.ts';
import { httpRequestDuration, httpRequests, requestsInFlight, workersBusy } from './http-metrics.ts';
import { measureRequests } from './measure-requests.ts';
import { chain } from './step.ts';

beforeEach(() => register.resetMetrics());

async function serve(t: TestContext, build: (app: express.Express) => void): Promise<number> {
  const app = express();
  build(app);
  return (await listen(t, chain([measureRequests(expressRoute)], app))).port;
}

async function counts(): Promise<Record<string, number>> {
  const { values } = await httpRequests.get();
  return Object.fromEntries(
    values.map(({ labels, value }) => [`${labels.method} ${labels.route} ${labels.status}`, value]),
  );
}

/** Records the counts at each `socket.write`. */
function countsAtEachWrite(res: ServerResponse, seen: Promise<Record<string, number>>[]): void {
  const socket = res.socket!;
  const write = socket.write;
  socket.write = function (this: typeof socket, ...args: unknown[]) {
    seen.push(counts());
    return Reflect.apply(write, this, args);
  } as typeof socket.write;
}

test('a request is counted in the counter and the histogram by method, route pattern and status', async (t) => {
  const port = await serve(t, (app) => {
    app.get('/items/:id', (_req, res) => {
      res.status(201).send('made');
    });
  });
  await (await fetch(`http://127.0.0.1:${port}/items/7`)).text();
  await (await fetch(`http://127.0.0.1:${port}/nowhere`)).text();
  assert.deepEqual(await counts(), { 'GET /items/:id 201': 1, 'GET unmatched 404': 1 });
  const { values } = await httpRequestDuration.get();
  const count = values.find((v) => v.metricName?.endsWith('_count') && v.labels.route === '/items/:id');
  assert.equal(count?.value, 1);
});

test('a worker is busy while at least one request is in flight', async (t) => {
  const held: Response[] = [];
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const port = await serve(t, (app) => {
    app.get('/held', (_req, res) => begun[held.push(res) - 1]!.resolve());
  });
  const seen = async () => {
    const [inFlight, busy] = await Promise.all([requestsInFlight.get(), workersBusy.get()]);
    return [inFlight.values[0]!.value, busy.values[0]!.value];
  };
  const answers: Promise<unknown>[] = [];
  for (const { promise } of begun) {
    answers.push(fetch(`http://127.0.0.1:${port}/held`).then((answer) => answer.text()));
    await promise;
  }
  assert.deepEqual(await seen(), [2, 1]);
  for (const [i, left] of [
    [0, [1, 1]],
    [1, [0, 0]],
  ] as const) {
    const closed = once(held[i]!, 'close');
    held[i]!.end();
    await Promise.all([closed, answers[i]]);
    assert.deepEqual(await seen(), left);
  }
});

test('non-standard methods share one label value', async (t) => {
  const port = await serve(t, () => {});
  const req = request({ port, host: '127.0.0.1', method: 'PROPFIND', path: '/x' }).end();
  const [res] = await once(req, 'response');
  res.resume();
  await once(res, 'end');
  assert.deepEqual(await counts(), { 'OTHER unmatched 404': 1 });
});

test('counted before the last byte leaves: a response sent by end()', async (t) => {
  const seen: Promise<Record<string, number>>[] = [];
  const port = await serve(t, (app) => {
    app.get('/', (_req, res) => {
      countsAtEachWrite(res, seen);
      res.send('whole');
    });
  });
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  assert.deepEqual(await seen[0], { 'GET / 200': 1 });
});

test('counted before the last byte leaves: a body of known length sent by write()', async (t) => {
  const seen: Promise<Record<string, number>>[] = [];
  const answered = Promise.withResolvers<void>();
  const port = await serve(t, (app) => {
    app.get('/', (_req, res) => {
      res.setHeader('Content-Length', 6);
      countsAtEachWrite(res, seen);
      res.write('abc');
      setImmediate(() => res.write(Buffer.from('def')));
      answered.promise.then(() => res.end());
    });
  });
  const req = request({ port, host: '127.0.0.1' }).end();
  const [res] = await once(req, 'response');
  let body = '';
  for await (const chunk of res) body += chunk;
  // The client has the whole response before end() is called.
  assert.equal(body, 'abcdef');
  assert.deepEqual(await counts(), { 'GET / 200': 1 });
  assert.deepEqual(await seen[0], {});
  assert.deepEqual(await seen.at(-1), { 'GET / 200': 1 });
  answered.resolve();
});

for (const [what, method, head] of [
  ['a response to HEAD', 'HEAD', (res) => res.writeHead(200, { 'Content-Length': 6 })],
  ['a 204', 'GET', (res) => res.writeHead(204)],
  ['a body of length 0', 'GET', (res) => res.setHeader('Content-Length', '0')],
] satisfies [string, string, (res: ServerResponse) => void][]) {
  test(`counted before the last byte leaves: ${what}, sent by flushHeaders()`, async (t) => {
    const answered = Promise.withResolvers<void>();
    const port = await serve(t, (app) => {
      app.all('/', (_req, res) => {
        head(res);
        res.flushHeaders();
        answered.promise.then(() => res.end());
      });
    });
    const req = request({ port, host: '127.0.0.1', method }).end();
    const [res] = await once(req, 'response');
    // The client has the whole response before end() is called.
    assert.deepEqual(await counts(), { [`${method} / ${res.statusCode}`]: 1 });
    answered.resolve();
    res.resume();
    await once(res, 'end');
    assert.deepEqual(await counts(), { [`${method} / ${res.statusCode}`]: 1 });
  });
}

test('a response that the application cuts off is counted once, as 500', async (t) => {
  const port = await serve(t, (app) => {
    app.get('/cut', (_req, res) => {
      res.write('beginning');
      setImmediate(() => res.destroy());
    });
  });
  await assert.rejects(fetch(`http://127.0.0.1:${port}/cut`).then((answer) => answer.text()));
  assert.deepEqual(await counts(), { 'GET /cut 500': 1 });
});

test('a request whose client disconnects is counted once, as 499', async (t) => {
  const begun = Promise.withResolvers<ServerResponse>();
  const port = await serve(t, (app) => {
    app.get('/slow', (_req, res) => begun.resolve(res));
  });
  const socket = openRaw(port, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  const res = await begun.promise;
  const closed = once(res, 'close');
  socket.destroy();
  await closed;
  res.end('too late');
  assert.deepEqual(await counts(), { 'GET /slow 499': 1 });
});

test('a response that ended before the client disconnected is counted once, with its status', async (t) => {
  const begun = Promise.withResolvers<ServerResponse>();
  const port = await serve(t, (app) => {
    app.get('/large', (_req, res) => {
      begun.resolve(res);
      res.end(Buffer.alloc(64 * 1024 * 1024));
    });
  });
  const socket = openRaw(port, 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n').pause();
  const res = await begun.promise;
  const closed = once(res, 'close');
  socket.destroy();
  await closed;
  assert.deepEqual(await counts(), { 'GET /large 200': 1 });
});
