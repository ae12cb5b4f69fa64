import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { ports, runApp } from './support/run-app.ts';
import { allReady, statusWhen } from './support/status.ts';

const MAIN = fileURLToPath(new URL('./support/extension-main.ts', import.meta.url));

interface Greetings {
  readonly greeted: number;
  readonly squares: number[];
  readonly ready: number;
}

function greetingsWhen(metrics: string, wanted: (all: Greetings) => boolean): Promise<Greetings> {
  return until('the wanted greetings', async () => {
    const greetings = (await (await fetch(`${metrics}/greetings`)).json()) as Greetings;
    return wanted(greetings) && greetings;
  });
}

test('an extension handles requests before the application, adds routes to the metrics server, and exchanges messages', async (t) => {
  const app = runApp(t, MAIN, { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  assert.equal(await (await fetch(`${url}/greet`)).text(), 'hello from one of 2');
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  await fetch(`${metrics}/square`);
  const { squares, ready } = await greetingsWhen(
    metrics,
    (all) => all.greeted === 1 && all.squares.length === 2,
  );
  assert.deepEqual([squares.sort(), ready], [[1, 4], 2]);
  const text = await (await fetch(`${metrics}/metrics`)).text();
  assert.match(text, /^http_requests_total\{method="GET",route="\/greet",status="200"\} 1$/m);
});

test('an extension can request a reload', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1' });
  const { app: url, metrics } = await ports(app);
  await fetch(`${url}/replace`);
  const { reload } = await statusWhen(metrics, (status) => status.reload.ended === 1);
  assert.equal(reload.error, '');
});

test('an extension that fails ends the start with the reason', async (t) => {
  const app = runApp(t, MAIN, { BROKEN_EXTENSION: '1' });
  assert.equal((await app.line('cannot start')).error, 'the extension is broken');
  assert.deepEqual(await app.exit(), { code: 1, signal: null });
});
