import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { Ledger } from '../account/ledger.ts';
import { NumberedLoad } from './numbered-load.ts';

const LIMITS = { connections: 4, pauseMs: 1, requestTimeoutMs: 5_000, seed: 3 };

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function until(ledger: Ledger, requests: number): Promise<void> {
  await poll(`${requests} requests`, () => (ledger.totals.sent >= requests ? true : undefined), {
    deadlineMs: 30_000,
    everyMs: 5,
  });
}

test('every request has a unique number and exactly one outcome', async (t) => {
  const seen: string[] = [];
  const origin = await serve(t, (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume();
    response.statusCode = request.method === 'POST' ? 404 : 200;
    setTimeout(() => response.end('x'), 3);
  });
  const ledger = new Ledger();
  const load = new NumberedLoad({ ...LIMITS, origin }, ledger);
  load.start();
  await until(ledger, 600);
  await load.stop();
  const { sent, answered, aborted, failed } = ledger.totals;
  assert.equal(new Set(seen).size, seen.length, 'no number was used twice');
  assert.equal(answered + aborted, sent);
  assert.deepEqual([failed, ledger.inFlight], [0, 0]);
  assert.ok(aborted > 0, 'some are aborted');
  const posts = seen.filter((request) => request.startsWith('POST')).length;
  assert.ok(posts > 0 && posts < seen.length / 2, `${posts} of ${seen.length} are POST`);
});

test('an unexpected status and a broken connection are failures with their cause', async (t) => {
  let n = 0;
  const origin = await serve(t, (request, response) => {
    n += 1;
    if (n % 2 === 0) {
      request.socket.destroy();
      return;
    }
    request.resume();
    response.statusCode = 502;
    response.end('x');
  });
  const ledger = new Ledger();
  const load = new NumberedLoad({ ...LIMITS, connections: 2, origin }, ledger);
  load.start();
  await until(ledger, 12);
  await load.stop();
  assert.equal(ledger.totals.answered, 0);
  const causes = new Set(ledger.failures.map(({ outcome }) => outcome?.kind === 'failed' && outcome.cause));
  assert.ok(causes.has('status 502'), [...causes].join());
  assert.ok(causes.has('ECONNRESET'), [...causes].join());
});

test('a request without an answer fails', async (t) => {
  const origin = await serve(t, () => {});
  const ledger = new Ledger();
  const load = new NumberedLoad({ ...LIMITS, connections: 1, requestTimeoutMs: 20, origin }, ledger);
  load.start();
  await until(ledger, 1);
  await load.stop();
  assert.equal(ledger.totals.answered, 0);
  assert.equal(ledger.inFlight, 0);
});

test('load to any other machine is an error', () => {
  const options = { ...LIMITS, origin: 'http://192.0.2.1' };
  assert.throws(() => new NumberedLoad(options, new Ledger()), /must be 127\.0\.0\.1, not 192\.0\.2\.1/);
});
