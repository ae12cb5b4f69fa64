import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

/** Runs the health check against a server; returns its exit status and its last line of stderr. */
async function check(t: TestContext, answer: RequestListener, seconds: number) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return checkPort((server.address() as AddressInfo).port, seconds);
}

async function checkPort(port: number, seconds: number) {
  const args = ['-I', '-S', join(import.meta.dirname, 'check-ready.py'), String(port), String(seconds)];
  const child = spawn('python3', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, error: stderr.trimEnd().split('\n').at(-1) };
}

const ANSWER_SECONDS = 60;

test('the health check succeeds if /readyz answers 200', async (t) => {
  const asked: (string | undefined)[] = [];
  const { status, error } = await check(
    t,
    ({ url }, res) => {
      asked.push(url);
      res.end('ready\n');
    },
    ANSWER_SECONDS,
  );
  assert.deepEqual({ status, error, asked }, { status: 0, error: '', asked: ['/readyz'] });
});

test('the health check fails with the answer if the status of /readyz is not 200', async (t) => {
  const { status, error } = await check(
    t,
    (_req, res) => res.writeHead(503, 'not 200 now').end(),
    ANSWER_SECONDS,
  );
  assert.equal(status, 1);
  assert.match(error!, /^\/readyz does not answer 200: b'HTTP\/1\.1 503 not 200 now/);
});

test('the health check fails if the application accepts the connection and does not answer in time', async (t) => {
  const { status, error } = await check(t, () => {}, 0.2);
  assert.deepEqual([status, error], [1, 'TimeoutError: timed out']);
});

test('the health check fails if no process listens', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const { status, error } = await checkPort(port, ANSWER_SECONDS);
  assert.equal(status, 1);
  assert.match(error!, /^ConnectionRefusedError/);
});
