/** The programs of migrate.md do what it says of them: before, and after. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { until } from '../../packages/prom-multiproc/test/support/poll.ts';
import { sample } from '../../packages/prom-multiproc/test/support/sample.ts';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const COMMAND = join(REPOSITORY, 'packages/prom-multiproc/src/cli.ts');
const TEXT = readFileSync(join(import.meta.dirname, '../../docs/guides/migrate.md'), 'utf8');
const REQUESTS = 20;
/** Has a primary tell its parent of each worker that listens. */
const TELL_LISTENING = `data:text/javascript,${encodeURIComponent(
  "import cluster from 'node:cluster'; cluster.on('listening', () => process.send('listening'));",
)}`;

type Env = Record<string, string>;

let project: string;

before((t) => {
  project = temporaryDirectory(t as TestContext);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(join(REPOSITORY, 'node_modules'), join(project, 'node_modules'));
  for (const [, name, program] of TEXT.matchAll(/^```js\n\/\/ ([\w.-]+)\n(.*?)^```$/gms)) {
    writeFileSync(join(project, name!), program!);
  }
});

/** An empty metrics directory, made as the page says. */
function cleared(t: TestContext): string {
  const directory = join(temporaryDirectory(t), 'my-app');
  execFileSync(process.execPath, [COMMAND, 'clear', directory]);
  return directory;
}

const given = new Set<number>();

/** A port that nobody listens at, another one each time. */
async function freePort(): Promise<string> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  if (given.has(port)) return freePort();
  given.add(port);
  return String(port);
}

function start(t: TestContext, program: string, env: Env, ...args: string[]): ChildProcess {
  const { PROMETHEUS_MULTIPROC_DIR: _, ...own } = process.env;
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', 'ipc'];
  const options = { cwd: project, env: { ...own, ...env }, stdio };
  const child = spawn(process.execPath, [program, ...args], options);
  t.after(() => void child.kill('SIGKILL'));
  return child;
}

/** The page at a port; undefined while nobody listens there. */
async function page(port: string, path = '/'): Promise<string | undefined> {
  try {
    // Each on a connection of its own, so that all workers have some.
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return await answer.text();
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

/** Makes `REQUESTS` requests, in turn at each of the ports. */
async function request(...ports: string[]): Promise<void> {
  for (let i = 0; i < REQUESTS; i++) {
    const port = ports[i % ports.length]!;
    assert.equal(await until(`port ${port}`, () => page(port)), 'Hello\n');
  }
}

async function counted(metricsPort: string): Promise<number | undefined> {
  const text = await until('the metrics', () => page(metricsPort, '/metrics'));
  return sample(text, 'http_requests_total');
}

function childrenOf({ pid }: ChildProcess): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Kills one worker of a cluster, and waits until its primary has let go of it. */
async function killOneWorker(primary: ChildProcess): Promise<void> {
  const [pid, ...others] = childrenOf(primary);
  process.kill(pid!, 'SIGKILL');
  await until('the worker to be gone', () => childrenOf(primary).length === others.length);
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function clusterOf(t: TestContext, program: string, env: Env = {}) {
  const [PORT, METRICS_PORT] = [await freePort(), await freePort()];
  const primary = start(t, program, {
    ...env,
    PORT,
    METRICS_PORT,
    NODE_OPTIONS: `--import=${TELL_LISTENING}`,
  });
  // One that listens late would count nothing, and nothing would go with it.
  let listening = 0;
  primary.on('message', () => listening++);
  await until('two workers that listen', () => listening === 2);
  await request(PORT);
  return { primary, METRICS_PORT };
}

test('before: AggregatorRegistry shows all workers, and loses what a killed one counted', async (t) => {
  const { primary, METRICS_PORT } = await clusterOf(t, 'aggregator-before.js');
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  await killOneWorker(primary);
  const left = await until('a scrape without the dead worker', async () => {
    const now = await counted(METRICS_PORT);
    return now !== undefined && now < REQUESTS && [now];
  });
  assert.ok(left[0]! < REQUESTS);
});

test('after: a shared registry shows all workers, the killed one too', async (t) => {
  const { primary, METRICS_PORT } = await clusterOf(t, 'aggregator-after.js', {
    PROMETHEUS_MULTIPROC_DIR: cleared(t),
  });
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  await killOneWorker(primary);
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  const worker = await until('the other worker', () => page(METRICS_PORT, '/metrics/workers/1'));
  assert.match(worker, /http_requests_total|No living worker/);
});

test('in two steps: with share(register) alone, clusterMetrics() shows all workers, the killed one too', async (t) => {
  const before = readFileSync(join(project, 'aggregator-before.js'), 'utf8');
  const step = before
    .replace("import { AggregatorRegistry, Counter } from 'prom-client';", (line) =>
      line.replace('Counter', 'Counter, register').concat("\nimport { share } from 'prom-multiproc';"),
    )
    .replace('const aggregator =', 'share(register);\nconst aggregator =');
  assert.match(step, /share\(register\);/);
  writeFileSync(join(project, 'aggregator-step.js'), step);
  const { primary, METRICS_PORT } = await clusterOf(t, 'aggregator-step.js', {
    PROMETHEUS_MULTIPROC_DIR: cleared(t),
  });
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  await killOneWorker(primary);
  assert.equal(await counted(METRICS_PORT), REQUESTS);
});

test('before: each process shows its own on a port of its own, as long as it lives', async (t) => {
  const ports = [await freePort(), await freePort()];
  const doors = [await freePort(), await freePort()];
  const [first] = ports.map((PORT, i) => start(t, 'ports-before.js', { PORT, METRICS_PORT: doors[i]! }));
  await request(...ports);
  for (const door of doors) assert.equal(await counted(door), REQUESTS / 2);
  await kill(first!);
  assert.equal(await page(doors[0]!, '/metrics'), undefined);
});

for (const program of ['ports-after.js', 'pm2-app.cjs']) {
  test(`after: one process more shows what all count, the killed one too (${program})`, async (t) => {
    const PROMETHEUS_MULTIPROC_DIR = cleared(t);
    const door = await freePort();
    start(t, COMMAND, {}, 'serve', PROMETHEUS_MULTIPROC_DIR, '--port', door);
    const ports = [await freePort(), await freePort()];
    const [first] = ports.map((PORT) => start(t, program, { PORT, PROMETHEUS_MULTIPROC_DIR }));
    await request(...ports);
    assert.equal(await counted(door), REQUESTS);
    await kill(first!);
    assert.equal(await counted(door), REQUESTS);
  });
}

test('after: under a cluster that is not its own, as PM2 is, the application counts as one', async (t) => {
  const PROMETHEUS_MULTIPROC_DIR = cleared(t);
  const [PORT, door] = [await freePort(), await freePort()];
  start(t, COMMAND, {}, 'serve', PROMETHEUS_MULTIPROC_DIR, '--port', door);
  cluster.setupPrimary({ exec: join(project, 'pm2-app.cjs'), cwd: project });
  const workers = [0, 1].map(() => cluster.fork({ PORT, PROMETHEUS_MULTIPROC_DIR }));
  t.after(() => {
    for (const worker of workers) worker.process.kill('SIGKILL');
  });
  await Promise.all(workers.map((worker) => once(worker, 'listening')));
  await request(PORT);
  assert.equal(await counted(door), REQUESTS);
  workers[0]!.process.kill('SIGKILL');
  await once(workers[0]!, 'exit');
  assert.equal(await counted(door), REQUESTS);
});

test('the configuration of PM2 names files that there are', () => {
  const { apps } = createRequire(import.meta.url)(join(project, 'ecosystem.config.cjs'));
  const [app, metrics] = apps as { script: string; args?: string }[];
  assert.ok(existsSync(join(project, app!.script)));
  const { publishConfig } = JSON.parse(
    readFileSync(join(REPOSITORY, 'packages/prom-multiproc/package.json'), 'utf8'),
  );
  assert.equal(metrics!.script, `node_modules/prom-multiproc/${publishConfig.bin['prom-multiproc']}`);
});

test('before: a process pushes what it counted to a gateway', async (t) => {
  const pushed: string[] = [];
  const gateway = createServer(async (incoming, response) => {
    pushed.push(`${incoming.method} ${incoming.url}\n${Buffer.concat(await incoming.toArray())}`);
    response.writeHead(202).end();
  }).listen(0, '127.0.0.1');
  t.after(() => gateway.close());
  await once(gateway, 'listening');
  const PUSHGATEWAY = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const PORT = await freePort();
  const { pid } = start(t, 'push-before.js', { PORT, PUSHGATEWAY });
  await request(PORT);
  const push = await until('a push with all of it', () =>
    pushed.find((one) => sample(one, 'http_requests_total') === REQUESTS),
  );
  assert.ok(push.startsWith(`POST /metrics/job/my-app/instance/${pid}\n`), push);
});
