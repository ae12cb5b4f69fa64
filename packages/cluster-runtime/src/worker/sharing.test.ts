import assert from 'node:assert/strict';
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../../prom-multiproc/test/support/poll.ts';
import { temporaryDirectory } from '../../../prom-multiproc/test/support/temporary-directory.ts';
import { ports, runApp } from '../../test/support/run-app.ts';

const MAIN = fileURLToPath(new URL('../../test/support/ping-main.ts', import.meta.url));

function answerWhen(url: string, wanted: (status: number, body: string) => boolean): Promise<string> {
  let seen = '';
  return until(
    () => `the wanted answer of ${url}, not ${seen}`,
    async () => {
      const response = await fetch(url);
      const body = await response.text();
      seen = `${response.status}: ${body.slice(0, 500)}`;
      return wanted(response.status, body) && body;
    },
  );
}

test('the primary shows what all workers counted', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '2', PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
  const { app: requests, metrics } = await ports(app);
  for (let i = 0; i < 20; i++) await (await fetch(`${requests}/ping`)).text();
  const pings = /^ping_responses_total\{status="200"\} (\d+)$/m;
  const text = await answerWhen(`${metrics}/metrics`, (status) => status === 200);
  const eachWorker = await Promise.all([0, 1].map((slot) => fetch(`${metrics}/metrics/workers/${slot}`)));
  const views = await Promise.all(eachWorker.map((answer) => answer.text()));
  assert.equal(
    views.reduce((sum, view) => sum + Number(pings.exec(view)?.[1] ?? 0), 0),
    20,
  );
  assert.equal((await fetch(`${metrics}/metrics/workers/2`)).status, 404);
  assert.match(text, /^ping_responses_total\{status="200"\} 20$/m);
  assert.match(text, /^http_request_duration_seconds_count\{method="GET",route="\/ping",status="200"\} 20$/m);
});

test('/metrics is a 503 with the reason if workers have no directory to share', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1' });
  const { metrics } = await ports(app);
  const body = await answerWhen(`${metrics}/metrics`, (status) => status === 503);
  assert.match(body, /PROMETHEUS_MULTIPROC_DIR is not set/);
});

test('with METRICS=0 requests are served, nothing is measured, and /metrics is a 503 with the reason', async (t) => {
  const directory = temporaryDirectory(t);
  const app = runApp(t, MAIN, { WORKERS: '1', METRICS: '0', PROMETHEUS_MULTIPROC_DIR: directory });
  const { app: requests, metrics } = await ports(app);
  assert.equal(await (await fetch(`${requests}/ping`)).text(), 'Pong');
  const body = await answerWhen(`${metrics}/metrics`, (status) => status === 503);
  assert.match(body, /METRICS=0/);
  assert.deepEqual(readdirSync(directory), []);
});

test('/metrics is a 503 with the reason if no worker can share, and requests are served', async (t) => {
  const directory = temporaryDirectory(t);
  // Root may write anywhere, but readers accept only files of the directory's owner.
  if (process.geteuid?.() === 0) chownSync(directory, 65_534, 65_534);
  else chmodSync(directory, 0o500);
  const app = runApp(t, MAIN, { WORKERS: '2', PROMETHEUS_MULTIPROC_DIR: directory });
  const { app: requests, metrics } = await ports(app);
  const body = await until('metrics that are a 503', async () => {
    assert.equal(await (await fetch(`${requests}/ping`)).text(), 'Pong');
    const response = await fetch(`${metrics}/metrics`);
    const body = await response.text();
    return response.status === 503 && body;
  });
  assert.match(body, /^Unavailable: cannot share metrics in /);
  for (let i = 0; i < 5; i++) assert.equal((await fetch(`${metrics}/metrics`)).status, 503);
  await (await fetch(`${metrics}/status`)).text();
  const logged = app.lines.filter(({ msg }) => msg === 'metrics server cannot answer');
  assert.equal(logged.length, 1, 'logged once and not at each scrape');
});

test('/metrics is a 503 with the reason if koffi cannot be loaded, and requests are served', async (t) => {
  const broken = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (name === 'koffi') throw new Error('no koffi here');
      return next(name, context);
    } });`;
  const app = runApp(t, MAIN, {
    WORKERS: '2',
    PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(broken)}`,
  });
  const { app: requests, metrics } = await ports(app);
  const body = await answerWhen(`${metrics}/metrics`, (status) => status === 503);
  assert.match(body, /cannot share metrics in .*no koffi here/);
  for (let i = 0; i < 5; i++) assert.equal(await (await fetch(`${requests}/ping`)).text(), 'Pong');
});
