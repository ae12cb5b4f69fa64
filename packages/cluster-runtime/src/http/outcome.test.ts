import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, pipeline } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { listen } from '../../test/support/listen.ts';
import { openRaw } from '../../test/support/raw-http.ts';
import { outcomeOf } from './outcome.ts';

/** The outcome of one answer, seen when it closes. */
async function outcome(t: TestContext, act: (res: ServerResponse, client: Socket) => void): Promise<number> {
  const begun = Promise.withResolvers<ServerResponse>();
  const seen = Promise.withResolvers<number>();
  const { port } = await listen(t, (_req, res) => {
    res.on('close', () => seen.resolve(outcomeOf(res)));
    begun.resolve(res);
  });
  const client = openRaw(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n').resume();
  t.after(() => client.destroy());
  act(await begun.promise, client);
  return seen.promise;
}

const upstreamFailed = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

for (const [what, status, act] of [
  ['an answer that ended is its own status', 201, (res) => res.writeHead(201).end('made')],
  ['a client that closes is 499', 499, (_res, client) => client.end()],
  ['a client that resets is 499', 499, (_res, client) => client.resetAndDestroy()],
  [
    'a client that closes after the head is 499',
    499,
    async (res, client) => {
      res.writeHead(200).write('beginning');
      await once(client, 'data');
      client.resetAndDestroy();
    },
  ],
  [
    'a client that closes is 499 where a pipeline then destroys the answer',
    499,
    (res, client) => {
      pipeline(new PassThrough(), res, () => {});
      client.end();
    },
  ],
  ['an answer destroyed before its head is 500', 500, (res) => res.destroy()],
  ['an answer destroyed with an error is 500', 500, (res) => res.destroy(new Error('mine'))],
  [
    'an answer destroyed after its head is 500',
    500,
    (res) => {
      res.writeHead(200).write('beginning');
      res.destroy();
    },
  ],
  [
    'an answer whose source was reset is 500',
    500,
    (res) => {
      const source = new PassThrough();
      pipeline(source, res, () => {});
      source.destroy(upstreamFailed());
    },
  ],
  ['a connection that this side destroys is 500', 500, (res) => res.socket!.destroy()],
  [
    'an answer that failed after it was ended is 500',
    500,
    (res) => {
      res.end('told nevertheless');
      res.destroy(new Error('mine'));
    },
  ],
  [
    'a failed answer keeps its own status',
    503,
    (res) => {
      res.writeHead(503).write('beginning');
      res.destroy();
    },
  ],
] satisfies [string, number, (res: ServerResponse, client: Socket) => void][]) {
  test(what, async (t) => assert.equal(await outcome(t, act), status));
}
