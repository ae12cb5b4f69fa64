import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { startLoad } from '../../kit/test-kit/load.ts';
import { expect, test } from '../support/fixtures.ts';
import type { Stack } from '../support/stack.ts';

const SMOKE = resolve(import.meta.dirname, '../../scripts/smoke');
const TIMEOUT_MS = 240_000;

interface Ended {
  readonly code: number | string | null;
  readonly output: string;
}

function smoke(stack: Stack): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(SMOKE, { env: stack.scriptEnvironment, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? null) : 0, output: stdout + stderr });
    });
  });
}

test('the smoke test passes on a running stack and leaves it running', async ({ stack }) => {
  const { code, output } = await smoke(stack);
  console.log(output.trimEnd());
  expect(code, output).toBe(0);
  expect(output).toContain('400 counted in total');
  await stack.settle();
});

test('the smoke test fails if the count differs from the requests it sent', async ({ stack }) => {
  const stray = startLoad({
    url: `${stack.publicUrl}/ping`,
    connections: 1,
    maxRequests: 10_000,
    durationMs: TIMEOUT_MS,
    requestTimeoutMs: 10_000,
    pauseMs: 5,
  });
  const { code, output } = await smoke(stack).finally(() => stray.stop());
  expect(code, output).toBe(1);
  expect(output).toMatch(/FAIL {2}sent 200 requests to \/ping but counted \d+/);
  await stack.settle();
});
