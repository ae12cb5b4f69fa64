/** The example of README.md works as the page shows. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { Reader } from '../src/index.ts';
import { freePorts } from './support/free-ports.ts';
import { until } from './support/poll.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const PROGRAM = join(import.meta.dirname, '../examples/cluster.js');

/** Returns the body; undefined if the connection is refused. */
async function get(port: string, path: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return await response.text();
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

test('the workers of the example count and its primary serves the totals', async (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  const [PORT, METRICS_PORT] = await freePorts();
  const env = { ...process.env, PORT, METRICS_PORT, PROMETHEUS_MULTIPROC_DIR: directory };
  const primary = spawn(process.execPath, [PROGRAM], { env, stdio: 'ignore' });
  t.after(() => primary.kill('SIGKILL'));
  await until('the application to answer', () => get(PORT, '/'));
  for (let i = 0; i < 4; i++) assert.equal(await get(PORT, '/'), 'Hello\n');
  const counted = async () =>
    sample((await get(METRICS_PORT, '/metrics')) ?? '', 'http_requests_total{status="200"}');
  assert.equal(await counted(), 5);
  assert.equal(await counted(), 5);

  const reader = new Reader(directory);
  t.after(() => reader.close());
  primary.kill('SIGKILL');
  await until('the workers to end with their primary', () => reader.slots().every(({ live }) => !live));
  assert.equal(sample(reader.metrics(), 'http_requests_total{status="200"}'), 5);
});
