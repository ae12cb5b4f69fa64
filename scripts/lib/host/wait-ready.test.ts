import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';

const WAIT_READY = join(import.meta.dirname, 'wait-ready.ts');

/** Starts the first process of a stack, which begins a session. */
function startSession(t: TestContext): number {
  const first = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  t.after(() => first.kill('SIGKILL'));
  return first.pid!;
}

/** Runs the script for a stack whose ports answer, with this pid as the primary. */
async function waitReady(t: TestContext, first: number, primary: number) {
  const server = createServer((_req, res) => res.end(JSON.stringify({ primary: { pid: primary } })));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const directory = temporaryDirectory(t);
  const names = ['PORT', 'PUBLIC_PORT', 'METRICS_HOST_PORT'];
  writeFileSync(join(directory, 'stack.env'), names.map((name) => `${name}="${port}"\n`).join(''));
  const wait = spawn(process.execPath, [WAIT_READY, directory, String(first), '1'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  wait.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [status] = (await once(wait, 'close')) as [number | null];
  return { status, stderr };
}

test('a stack is ready when its own app answers', async (t) => {
  const first = startSession(t);
  assert.deepEqual(await waitReady(t, first, first), { status: 0, stderr: '' });
});

test('a stack is not ready when the app of another stack answers on its ports', async (t) => {
  const other = startSession(t);
  const { status, stderr } = await waitReady(t, startSession(t), other);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`the app of another stack answers, process ${other}`));
});
