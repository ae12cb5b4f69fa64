import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { getText } from '../../../kit/test-kit/scrape.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';

/**
 * `wait-ready.ts DIRECTORY PID SECONDS`: waits until the stack in the directory answers on all its ports. Exits with 1 if the process
 * ends before, or after SECONDS.
 */

const ANSWER_TIMEOUT_MS = 5_000;
const END_MS = 200;

const [directory = '', pid = '', seconds = ''] = process.argv.slice(2);
const { PORT, PUBLIC_PORT, METRICS_HOST_PORT, PROMETHEUS_PORT, PROMETHEUS } = parseEnv(
  readFileSync(join(directory, 'stack.env'), 'utf8'),
);
const urls = [
  // The app first: nginx would log each failure.
  `http://127.0.0.1:${PORT}/readyz`,
  `http://127.0.0.1:${PUBLIC_PORT}/readyz`,
  // Not /metrics: it answers 503 where workers cannot share.
  `http://127.0.0.1:${METRICS_HOST_PORT}/status`,
  ...(PROMETHEUS ? [`http://127.0.0.1:${PROMETHEUS_PORT}/-/ready`] : []),
];

setInterval(() => {
  try {
    process.kill(Number(pid), 0);
  } catch {
    process.exit(1);
  }
}, END_MS).unref();

try {
  for (const url of urls) {
    await poll(url, async () => (await getText(url, ANSWER_TIMEOUT_MS)) !== undefined, {
      deadlineMs: Number(seconds) * 1_000,
      everyMs: 250,
    });
  }
} catch (error) {
  const { message, cause } = error as Error;
  console.error(`error: ${message}: ${cause instanceof Error ? cause.message : cause}`);
  process.exitCode = 1;
}
