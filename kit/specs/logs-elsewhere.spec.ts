import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@playwright/test';
import { EchoProxy } from './support/echo-proxy.ts';

const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { timeout: 60_000 };
const FILE = 'logs-elsewhere.compose.yml';

/** Starts a TCP server in place of a syslog host; `received` returns what it has received. */
async function logHost(): Promise<{
  readonly received: () => string;
  readonly address: string;
  close(): void;
}> {
  let text = '';
  const server = createServer((socket) => {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { received: () => text, address: `tcp://127.0.0.1:${port}`, close: () => server.close() };
}

test('logs-elsewhere.compose.yml sends every container’s log to a syslog host, and docker compose logs still works', async () => {
  test.setTimeout(START_TIMEOUT_MS);
  const host = await logHost();
  const proxy = await EchoProxy.start([FILE], { SYSLOG_ADDRESS: host.address });
  try {
    const config = JSON.parse(await proxy.compose('--profile', '*', 'config', '--format', 'json')) as {
      services: Record<string, { logging: { driver: string } }>;
    };
    for (const [name, { logging }] of Object.entries(config.services))
      expect(logging.driver, name).toBe('syslog');
    await proxy.send('GET /sent-elsewhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await expect.poll(host.received, DEADLINE).toMatch(/-nginx-1 .*"path":"\/sent-elsewhere","status":"200"/);
    await expect.poll(async () => (await proxy.logged('/sent-elsewhere'))?.status, DEADLINE).toBe('200');
  } finally {
    proxy.down();
    host.close();
  }
});
