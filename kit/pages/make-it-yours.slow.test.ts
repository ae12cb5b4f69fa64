/** Runs the programs of docs/guides/make-it-yours.md in place of the demonstration. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { change, copyOfApp } from '../../packages/cluster-runtime/test/support/app-copy.ts';
import { ports, runApp } from '../../packages/cluster-runtime/test/support/run-app.ts';
import { sample } from '../../packages/prom-multiproc/test/support/sample.ts';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/guides/make-it-yours.md'), 'utf8');
const programs = new Map(
  [...PAGE.matchAll(/^```ts\n\/\/ (\w+): [^\n]*\n(.*?)^```$/gms)].map(([, name, text]) => [name!, text!]),
);
const REQUESTS = 20;
/** A new connection for each request spreads them over all workers and leaves no idle connection to drain. */
const NEW_CONNECTION = { headers: { connection: 'close' } };

/** Creates the application directory with this program and its metrics.ts. */
function writeApp(program: string, directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(join(directory, 'app.ts'), programs.get(program)!);
  writeFileSync(join(directory, 'metrics.ts'), programs.get('metrics')!);
}

const frameworks = ['express', 'koa', 'fastify', 'plain'];

for (const framework of frameworks) {
  test(`${framework}: requests to two workers are counted by route and in the application’s own metric`, async (t) => {
    const source = copyOfApp(t);
    writeApp(framework, join(source, 'app'));
    const app = runApp(t, join(source, 'main.ts'), { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
    const { app: url, metrics } = await ports(app);
    await app.line('worker ready', 2);
    for (let i = 0; i < REQUESTS; i++) {
      const answer = await fetch(`${url}/hello/Ada`, NEW_CONNECTION);
      assert.deepEqual([answer.status, await answer.text()], [200, 'Hello Ada\n']);
      assert.match(String(answer.headers.get('content-type')), /^text\/plain/);
    }
    for (const [path, status] of [
      ['/nowhere', 404],
      ['/readyz', 200],
    ] as const) {
      assert.equal((await fetch(url + path, NEW_CONNECTION)).status, status, path);
    }
    const text = await (await fetch(`${metrics}/metrics`)).text();
    const requests = (route: string, status: number) =>
      sample(text, `http_requests_total{method="GET",route="${route}",status="${status}"}`);
    assert.equal(sample(text, 'greetings_total{language="en"}'), REQUESTS);
    assert.deepEqual(
      [requests('/hello/:name', 200), requests('unmatched', 404), requests('/readyz', 200)],
      [REQUESTS, 1, 1],
    );
    app.child.kill('SIGTERM');
    assert.deepEqual(await app.exit(), { code: 0, signal: null });
  });
}

for (const framework of frameworks) {
  test(`${framework}: the page’s unit test passes, and fails for another greeting`, (t) => {
    const source = join(copyOfApp(t), 'app');
    writeApp(framework, source);
    const file = join(source, 'app.test.ts');
    writeFileSync(file, programs.get('test')!);
    const env = { ...process.env };
    delete env.NODE_TEST_CONTEXT;
    const run = () => spawnSync(process.execPath, ['--test', file], { env, encoding: 'utf8' });
    const { status, stdout } = run();
    assert.equal(status, 0, stdout);
    change(join(source, 'app.ts'), '`Hello ', '`Goodbye ');
    assert.equal(run().status, 1);
  });
}

test('each program passes the TypeScript check as an `App`', (t) => {
  const source = copyOfApp(t);
  for (const framework of frameworks) {
    writeApp(framework, join(source, framework));
    writeFileSync(join(source, framework, 'app.test.ts'), programs.get('test')!);
  }
  const project = join(source, 'tsconfig.json');
  const compilerOptions = { typeRoots: [join(ROOT, 'node_modules/@types')] };
  writeFileSync(
    project,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: frameworks }),
  );
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  execFileSync(process.execPath, [tsc, '--project', project], { stdio: 'pipe', encoding: 'utf8' });
});

test('a metric with a reserved name ends the start, and the log names it', async (t) => {
  const source = copyOfApp(t);
  writeApp('plain', join(source, 'app'));
  writeFileSync(
    join(source, 'app/metrics.ts'),
    programs.get('metrics')!.replace("'greetings_total'", "'http_requests_total'"),
  );
  const app = runApp(t, join(source, 'main.ts'), { WORKERS: '1', GIVE_UP_MS: '100' });
  assert.match(String((await app.line('cannot start')).error), /http_requests_total/);
});
