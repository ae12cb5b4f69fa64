import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import test from 'node:test';
import express from 'express';
import { listen } from '../../test/support/listen.ts';
import { openRaw } from '../../test/support/raw-http.ts';
import { threadCpuMs } from './queue-delay.ts';
import { chain } from './step.ts';
import { type WaitQueueOptions, waitQueue } from './wait-queue.ts';

/** The queue without a server, with clocks that the test controls. */
function byHand(options: Pick<WaitQueueOptions, 'maxWaitMs'>) {
  let clock = 0;
  let cpu = 0;
  let idle = 0;
  let shed = 0;
  let headersRead = 0;
  const clocks = { now: () => clock, cpuMs: () => cpu, idleMs: () => idle };
  const queue = waitQueue({ ...options, ...clocks }, () => shed++);
  function work(ms: number): void {
    clock += ms;
    cpu += ms;
  }
  return {
    /** A request that costs `ms` of CPU time. The returned object counts how often it was begun. */
    request(ms = 0, answer: object = {}, onBegin?: () => void): { begun: number } {
      const result = { begun: 0 };
      const req = {
        get headers() {
          headersRead++;
          return {};
        },
      };
      queue(req as IncomingMessage, answer as ServerResponse, () => {
        result.begun++;
        onBegin?.();
        work(ms);
      });
      return result;
    },
    shed: () => shed,
    headersRead: () => headersRead,
    work,
    /** Time passes, and the worker gets no CPU. */
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

/** Uses CPU time, in milliseconds. */
function use(ms: number): void {
  const end = threadCpuMs() + ms;
  while (threadCpuMs() < end);
}

test('requests that waited too long are shed; after the worker was idle none is shed', async () => {
  const { request, rest, turn, shed } = byHand({ maxWaitMs: 100 });
  const requests = Array.from({ length: 13 }, () => request(20));
  for (let i = 0; i < requests.length; i++) await turn();
  assert.deepEqual(begun(requests), [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
  assert.equal(shed(), 3);
  rest(1);
  const later = Array.from({ length: 6 }, () => request(20));
  for (let i = 0; i < later.length; i++) await turn();
  assert.deepEqual(begun(later), [1, 1, 1, 1, 1, 1]);
  assert.equal(shed(), 3);
});

test('a turn starts requests for a few milliseconds, in order', async () => {
  const { request, turn } = byHand({ maxWaitMs: 1000 });
  const requests = Array.from({ length: 4 }, () => request(20));
  assert.deepEqual(begun(requests), [1, 0, 0, 0]);
  await turn();
  assert.deepEqual(begun(requests), [1, 1, 0, 0]);
  const last = request(20);
  assert.equal(last.begun, 0, 'behind the queued requests');
  for (const expected of [
    [1, 1, 1, 0, 0],
    [1, 1, 1, 1, 0],
    [1, 1, 1, 1, 1],
  ]) {
    await turn();
    assert.deepEqual(begun([...requests, last]), expected);
  }
});

test('cheap requests do not wait for a turn', () => {
  const { request } = byHand({ maxWaitMs: 100 });
  const requests = Array.from({ length: 100 }, () => request(0.01));
  assert.ok(requests.every((one) => one.begun === 1));
});

test('a request whose client left while it waited is not started', async () => {
  const { request, turn, shed } = byHand({ maxWaitMs: 100 });
  request(20);
  const left = { destroyed: false };
  const requests = [request(20, left), request(20)];
  left.destroyed = true;
  for (let i = 0; i < 3; i++) await turn();
  assert.deepEqual(begun(requests), [0, 1]);
  assert.equal(shed(), 0);
});

test('a queued request starts in its own asynchronous context', async () => {
  const { request, turn } = byHand({ maxWaitMs: 100 });
  const context = new AsyncLocalStorage<number>();
  const found: unknown[] = [];
  for (let i = 0; i < 4; i++)
    context.run(i, () => request(20, undefined, () => found.push(context.getStore())));
  for (let i = 0; i < 4; i++) await turn();
  assert.deepEqual(found, [0, 1, 2, 3]);
});

test('new connections are accepted while requests wait', async (t) => {
  const EACH = 30;
  const allServed = Promise.withResolvers<number>();
  const allAccepted = Promise.withResolvers<void>();
  let accepted = 0;
  let served = 0;
  const queue = waitQueue({ maxWaitMs: 0 }, () => assert.fail('shed'));
  const app = express();
  app.get('/', (_req, res) => {
    use(5);
    res.send('done');
    if (++served === EACH) allServed.resolve(accepted - EACH);
  });
  const { server, port } = await listen(t, chain([queue], app));
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

test('headers are read only in a turn before which the worker was not idle', async () => {
  const { request, rest, turn, headersRead } = byHand({ maxWaitMs: 100 });
  for (let i = 0; i < 3; i++) {
    request();
    rest(1);
    await turn();
  }
  assert.equal(headersRead(), 0);
  request();
  await turn();
  request();
  assert.equal(headersRead(), 1);
});

test('without a limit no request is shed', async () => {
  const { request, turn, shed } = byHand({ maxWaitMs: 0 });
  const requests = Array.from({ length: 13 }, () => request(20));
  for (let i = 0; i < requests.length; i++) await turn();
  assert.ok(requests.every((one) => one.begun === 1));
  assert.equal(shed(), 0);
});

test('time between turns does not count as waiting', async () => {
  const { request, work, turn } = byHand({ maxWaitMs: 100 });
  for (let i = 0; i < 5; i++) {
    work(10_000);
    assert.equal(request().begun, 1);
    await turn();
  }
});

test('CPU starvation sheds no request', async () => {
  const { request, stand, turn, shed } = byHand({ maxWaitMs: 100 });
  const requests = Array.from({ length: 50 }, () => {
    stand(1_000);
    return request();
  });
  for (let i = 0; i < 50; i++) {
    stand(1_000);
    await turn();
  }
  assert.ok(requests.every((one) => one.begun === 1));
  assert.equal(shed(), 0);
});

test('requests that waited for one long request are not shed', async () => {
  const { request, turn } = byHand({ maxWaitMs: 100 });
  const requests = [request(20), request(5_000), request(), request()];
  for (let i = 0; i < 3; i++) await turn();
  assert.deepEqual(begun(requests), [1, 1, 1, 1]);
});
