import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '../../e2e/support/host-fixtures.ts';
import { HostStack } from '../../e2e/support/host-stack.ts';
import { startAlone } from '../../e2e/support/start-lock.ts';
import { freePorts } from '../../packages/prom-multiproc/test/support/free-ports.ts';
import { type Loop, startLoop, work } from './support/dev-loop.ts';

const TIMEOUT_MS = 12 * 60_000;
const MODULES = resolve(import.meta.dirname, '../../node_modules');
const run = promisify(execFile);

test('scripts/dev --host makes a saved file live and keeps counts; broken code is reported and leaves the old worker serving', async () => {
  test.setTimeout(TIMEOUT_MS);
  const stack = HostStack.prepare({ sharing: true });
  // As npm ci, without copying: the links of the workspaces are relative.
  await run('cp', ['-al', MODULES, join(stack.checkout, 'node_modules')]);
  const [port] = await freePorts();
  const env = { ...stack.scriptEnvironment, INSPECT_PORT: port };
  let loop: Loop | undefined;
  try {
    loop = await startAlone(() => startLoop(stack.checkout, ['--host', '--inspect'], env));
    await work(stack.checkout, loop, async () => `http://127.0.0.1:${port}`);
    expect(await loop.stop(), loop.output()).toBe(0);
  } finally {
    loop?.kill();
    await stack.down();
  }
});
