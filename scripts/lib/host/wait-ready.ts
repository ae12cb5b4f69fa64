import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { getText } from '../../../kit/test-kit/scrape.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';

/**
 * `wait-ready.ts DIRECTORY PID SECONDS`: waits until the stack in the directory answers on all its ports. PID is its first process.
 * Exits with 1 if that ends before, or after SECONDS.
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

/**
 * Checks that the app which answers is a process of this stack. Two stacks that start at the same time may choose the same ports; one of
 * them then ends, because its app cannot listen.
 */
async function checkOwnApp(): Promise<true> {
  const url = `http://127.0.0.1:${METRICS_HOST_PORT}/status`;
  const { primary } = JSON.parse(await getText(url, ANSWER_TIMEOUT_MS)) as { primary: { pid: number } };
  if (!existsSync('/proc/self/stat')) return true;
  const stat = readFileSync(`/proc/${primary.pid}/stat`, 'utf8');
  // The fields after the command begin with field 3; the session is field 6: proc_pid_stat(5).
  const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  if (session === pid) return true;
  throw new Error(`the app of another stack answers, process ${primary.pid}`);
}

setInterval(() => {
  try {
    process.kill(Number(pid), 0);
  } catch {
    process.exit(1);
  }
}, END_MS).unref();

const options = { deadlineMs: Number(seconds) * 1_000, everyMs: 250 };
try {
  for (const url of urls) {
    await poll(url, async () => (await getText(url, ANSWER_TIMEOUT_MS)) !== undefined, options);
  }
  await poll('the app of this stack', checkOwnApp, options);
} catch (error) {
  const { message, cause } = error as Error;
  console.error(`error: ${message}: ${cause instanceof Error ? cause.message : cause}`);
  process.exitCode = 1;
}
