import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen } from '../../packages/cluster-runtime/test/support/listen.ts';
import { closedLoop } from './closed-loop.ts';

test('each answer is followed by a request until the number is sent, also over connections that the server closes', async (t) => {
  let received = 0;
  const { server, port } = await listen(t, (_req, res) => {
    received++;
    res.end('done');
  });
  server.maxRequestsPerSocket = 3;
  const answered = await closedLoop(port, '/', { connections: 4, isOver: (sent) => sent === 50 });
  assert.deepEqual([answered, received], [50, 50]);
});

test('an answer other than 200 rejects', async (t) => {
  const { port } = await listen(t, (_req, res) => res.writeHead(503, { 'Content-Length': 0 }).end());
  await assert.rejects(closedLoop(port, '/', { connections: 1, isOver: () => false }), /status 503/);
});
