import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../prom-multiproc/test/support/free-ports.ts';
import { until } from '../../prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { runApp } from './support/run-app.ts';

const MAIN = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));

/** Returns the id of the process that can be debugged; undefined if none can. */
async function inspected(port: string): Promise<string | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`, {
    headers: { connection: 'close' },
  }).catch(() => undefined);
  if (answer === undefined) return undefined;
  const targets = (await answer.json()) as { id: string }[];
  assert.equal(targets.length, 1);
  return targets[0]!.id;
}

test('a debugger finds the worker at INSPECT, and after a reload the new one', async (t) => {
  const [port] = await freePorts();
  const app = runApp(t, MAIN, {
    WORKERS: '1',
    INSPECT: port,
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
  });
  await app.line('worker ready');
  const first = await until('the inspector', () => inspected(port));
  app.child.kill('SIGHUP');
  await app.line('reloaded');
  await until('the inspector of the new worker', async () => {
    const now = await inspected(port);
    return now !== undefined && now !== first;
  });
  assert.deepEqual(
    app.lines.filter(({ level }) => level === 'error'),
    [],
  );
});
