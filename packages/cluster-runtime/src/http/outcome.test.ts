import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, pipeline } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { listen } from '../../test/support/listen.ts';
import { openRaw } from '../../test/support/raw-http.ts';
import { outcomeOf } from './outcome.ts';

/** Returns the outcome of one response at its `close` event. */
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
  ['a response that ended has its own status', 201, (res) => res.writeHead(201).end('made')],
  ['a client that closes gives 499', 499, (_res, client) => client.end()],
  ['a client that resets gives 499', 499, (_res, client) => client.resetAndDestroy()],
  [
    'a client that closes after the head gives 499',
    499,
    async (res, client) => {
      res.writeHead(200).write('beginning');
      await once(client, 'data');
      client.resetAndDestroy();
    },
  ],
  [
    'a client that closes gives 499, also if a pipeline then destroys the response',
    499,
    (res, client) => {
      pipeline(new PassThrough(), res, () => {});
      client.end();
    },
  ],
  ['a response destroyed before its head gives 500', 500, (res) => res.destroy()],
  ['a response destroyed with an error gives 500', 500, (res) => res.destroy(new Error('mine'))],
  [
    'a response destroyed after its head gives 500',
    500,
    (res) => {
      res.writeHead(200).write('beginning');
      res.destroy();
    },
  ],
  [
    'a response whose source was reset gives 500',
    500,
    (res) => {
      const source = new PassThrough();
      pipeline(source, res, () => {});
      source.destroy(upstreamFailed());
    },
  ],
  ['a connection destroyed by the application gives 500', 500, (res) => res.socket!.destroy()],
  [
    'a response that fails after end() gives 500',
    500,
    (res) => {
      res.end('ended');
      res.destroy(new Error('mine'));
    },
  ],
  [
    'a failed response with a 5xx status keeps it',
    503,
    (res) => {
      res.writeHead(503).write('beginning');
      res.destroy();
    },
  ],
] satisfies [string, number, (res: ServerResponse, client: Socket) => void][]) {
  test(what, async (t) => assert.equal(await outcome(t, act), status));
}
