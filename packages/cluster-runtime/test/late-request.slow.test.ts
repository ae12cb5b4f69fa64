import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { openRaw, received } from './support/raw-http.ts';
import { ports, runApp } from './support/run-app.ts';
import { allReady, statusWhen } from './support/status.ts';

const MAIN = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));
const SLOW = fileURLToPath(new URL('./support/slow-app.ts', import.meta.url));
/** Far below the deadline, so the deadline ends the request although bytes keep arriving. */
const BYTE_EVERY_MS = 50;
const MIB = 1024 * 1024;
/** Far more bytes than arrive within the deadline. */
const BODY_BYTES = 100_000;

/** Sends the head, then single bytes until the server closes the connection. Returns all that the server sent. */
async function drip(port: number, head: string): Promise<string> {
  const socket = openRaw(port, head);
  const dripping = setInterval(() => socket.writable && socket.write('x'), BYTE_EVERY_MS);
  // Without this, a byte sent after the end would cause a reset.
  socket.once('end', () => socket.destroy());
  const text = await received(socket);
  clearInterval(dripping);
  return text;
}

test('a body that arrives too slowly as a whole gets 408, although bytes keep arriving', async (t) => {
  const app = runApp(t, SLOW, { REQUEST_TIMEOUT_MS: '1000' });
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  const port = Number(new URL(url).port);
  for (const length of [`Content-Length: ${BODY_BYTES}`, 'Transfer-Encoding: chunked']) {
    const chunk = length.startsWith('T') ? `${BODY_BYTES.toString(16)}\r\n` : '';
    const text = await drip(port, `POST /held HTTP/1.1\r\nHost: localhost\r\n${length}\r\n\r\n${chunk}`);
    assert.match(text, /^HTTP\/1\.1 408 /, length);
  }
});

test('a large body gets the time limit again for each MiB that has arrived', async (t) => {
  const app = runApp(t, SLOW, { REQUEST_TIMEOUT_MS: '1000' });
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  const port = Number(new URL(url).port);
  const [large, small] = [8 * MIB, MIB / 2];
  const [upload, late] = [large, small].map((bytes) =>
    openRaw(
      port,
      `POST /held HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`,
    ),
  ) as [Socket, Socket];
  const [answer, refusal] = [received(upload), received(late)];
  upload.write(Buffer.alloc(large - 1));
  late.write(Buffer.alloc(small - 1));
  // Both began together.
  assert.match(await refusal, /^HTTP\/1\.1 408 /);
  upload.write('x');
  assert.match(await answer, /^HTTP\/1\.1 200 /);
});

test('a late request is counted as an error of the client and not of the application', async (t) => {
  const app = runApp(t, MAIN, {
    REQUEST_TIMEOUT_MS: '1000',
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
  });
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  const head = `POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`;
  assert.match(await drip(Number(new URL(url).port), head), /^HTTP\/1\.1 408 /);
  const counted = /^http_requests_total\{method="POST",route="\/upload",status="4\d\d"\} 1$/m;
  let text = '';
  await until(
    () => `the count, not ${text}`,
    async () => {
      text = await (await fetch(`${metrics}/metrics`)).text();
      assert.doesNotMatch(text, /^http_requests_total\{.*status="5/m);
      return counted.test(text);
    },
  );
});
