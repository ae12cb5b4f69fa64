import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseEnv } from 'node:util';

async function choose(...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'choose-ports.ts'), ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, ports: parseEnv(stdout) as Record<string, string>, stderr };
}

/** Returns a port of 127.0.0.1 on which a server listens. */
async function taken(t: TestContext): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return String((server.address() as { port: number }).port);
}

test('0 chooses different free ports, below those of outgoing connections', async () => {
  const { ports } = await choose('A=0', 'B=0', 'C=0');
  assert.equal(new Set(Object.values(ports)).size, 3);
  for (const port of Object.values(ports)) assert.ok(Number(port) >= 20_000 && Number(port) < 32_000, port);
});

test('a port that was asked for and is taken is an error that names it', async (t) => {
  const port = await taken(t);
  const { code, stderr } = await choose(`METRICS_HOST_PORT=${port}`);
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`^error: port ${port} is in use .*METRICS_HOST_PORT=0 takes a free port\n$`),
  );
});

test('a preferred port that is taken is replaced by a free one', async (t) => {
  const port = await taken(t);
  const { code, ports } = await choose(`PORT=?${port}`);
  assert.equal(code, 0);
  assert.notEqual(ports.PORT, port);
});

test('a port of the stack that is replaced counts as free, but only once', async (t) => {
  const port = await taken(t);
  const { ports } = await choose(port, `PORT=?${port}`, `OTHER=?${port}`);
  assert.equal(ports.PORT, port);
  assert.notEqual(ports.OTHER, port);
});

test('what is no port is an error that names the variable and the value', async () => {
  for (const value of ['x', '', '-1', '65536', '8040/tcp']) {
    const { code, stderr } = await choose(`PUBLIC_PORT=${value}`);
    assert.deepEqual([code, stderr], [1, `error: PUBLIC_PORT is not a port: ${JSON.stringify(value)}\n`]);
  }
});
