/**
 * Third-party middleware that creates its own metrics, in applications whose code does not import this library: it is preloaded
 * (`register.ts`).
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from './support/poll.ts';
import { sample } from './support/sample.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

interface App {
  readonly process: ChildProcess;
  hello(times: number): Promise<void>;
  metrics(): Promise<string>;
}

async function start(t: TestContext, framework: string, directory: string): Promise<App> {
  const child = fork(join(import.meta.dirname, 'support/third-party-application.ts'), [framework], {
    execArgv: ['--import', join(import.meta.dirname, '../src/register.ts')],
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
  });
  t.after(() => void child.kill('SIGKILL'));
  const [port] = await once(child, 'message');
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  return {
    process: child,
    metrics: () => get('/metrics'),
    async hello(times) {
      for (let i = 0; i < times; i++) assert.equal(await get('/hello'), 'Hello');
    },
  };
}

for (const [framework, series, others] of [
  [
    'express',
    'http_request_duration_seconds_count{status_code="200",method="GET",path="/hello"}',
    ['http_request_duration_seconds_bucket{le="+Inf",status_code="200",method="GET",path="/hello"}'],
  ],
  [
    'fastify',
    'http_request_duration_seconds_count{method="GET",route="/hello",status_code="200"}',
    ['http_request_summary_seconds_count{method="GET",route="/hello",status_code="200"}'],
  ],
] as const) {
  test(`each process shows the totals of a middleware for ${framework}, also after one is killed`, async (t) => {
    const directory = temporaryDirectory(t);
    const apps = await Promise.all([start(t, framework, directory), start(t, framework, directory)]);
    await Promise.all([apps[0]!.hello(7), apps[1]!.hello(5)]);
    const total = async (app: App, wanted: number) => {
      // The middleware counts after the answer is sent, one metric after the other.
      const text = await until(`${wanted} in ${[series, ...others]}`, async () => {
        const text = await app.metrics();
        const shown = [series, ...others].map((name) => sample(text, name));
        for (const count of shown) assert.ok((count ?? 0) <= wanted, `${count} of ${wanted}`);
        return shown.every((count) => count === wanted) && text;
      });
      assert.ok(sample(text, 'process_resident_memory_bytes')! > 30e6);
      assert.equal(text.match(/^# TYPE http_request_duration_seconds /gm)?.length, 1);
    };
    for (const app of apps) await total(app, 12);
    apps[1]!.process.kill('SIGKILL');
    await once(apps[1]!.process, 'exit');
    await total(apps[0]!, 12);
    const successor = await start(t, framework, directory);
    await successor.hello(3);
    for (const app of [successor, apps[0]!]) await total(app, 15);
  });
}
