/** Runs the programs of docs/guides/migrate.md, and the same programs before the migration. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
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
/** Programs before the migration that the page does not show. */
const BEFORE = join(import.meta.dirname, 'fixtures/before-migration');
const REQUESTS = 20;
/** Makes a primary report each listening worker to its parent. */
const REPORT_LISTENING = `data:text/javascript,${encodeURIComponent(
  "import cluster from 'node:cluster'; cluster.on('listening', () => process.send('listening'));",
)}`;

type Env = Record<string, string>;

let project: string;

before((t) => {
  project = temporaryDirectory(t as TestContext);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(join(REPOSITORY, 'node_modules'), join(project, 'node_modules'));
  cpSync(BEFORE, project, { recursive: true });
  for (const [, name, program] of TEXT.matchAll(/^```js\n\/\/ ([\w.-]+)\n(.*?)^```$/gms)) {
    writeFileSync(join(project, name!), program!);
  }
});

/** Creates an empty metrics directory with the command of the page. */
function clearedDirectory(t: TestContext): string {
  const directory = join(temporaryDirectory(t), 'my-app');
  execFileSync(process.execPath, [COMMAND, 'clear', directory]);
  return directory;
}

const usedPorts = new Set<number>();

/** Returns a free port, a different one at each call. */
async function freePort(): Promise<string> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  if (usedPorts.has(port)) return freePort();
  usedPorts.add(port);
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

/** Returns the body of a page, or undefined if the connection is refused. */
async function page(port: string, path = '/'): Promise<string | undefined> {
  try {
    // A new connection for each request spreads them over all workers.
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return await answer.text();
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

/** Makes `REQUESTS` requests, to each port in turn. */
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

/** Kills one worker of a cluster, and waits until its primary has reaped it. */
async function killOneWorker(primary: ChildProcess): Promise<void> {
  const [pid, ...others] = childrenOf(primary);
  process.kill(pid!, 'SIGKILL');
  await until('the worker to exit', () => childrenOf(primary).length === others.length);
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
    NODE_OPTIONS: `--import=${REPORT_LISTENING}`,
  });
  // A worker that listens late would count nothing, so killing it would lose nothing.
  let listening = 0;
  primary.on('message', () => listening++);
  await until('two listening workers', () => listening === 2);
  await request(PORT);
  return { primary, METRICS_PORT };
}

test('before: AggregatorRegistry shows all workers, and loses the counts of a killed worker', async (t) => {
  const { primary, METRICS_PORT } = await clusterOf(t, 'aggregator-before.js');
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  await killOneWorker(primary);
  const left = await until('a scrape without the dead worker', async () => {
    const now = await counted(METRICS_PORT);
    return now !== undefined && now < REQUESTS && [now];
  });
  assert.ok(left[0]! < REQUESTS);
});

test('after: a shared registry shows all workers, including a killed one', async (t) => {
  const { primary, METRICS_PORT } = await clusterOf(t, 'aggregator-after.js', {
    PROMETHEUS_MULTIPROC_DIR: clearedDirectory(t),
  });
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  await killOneWorker(primary);
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  const worker = await until('the other worker', () => page(METRICS_PORT, '/metrics/workers/1'));
  assert.match(worker, /http_requests_total|No living worker/);
});

test('first step: with share(register) alone, clusterMetrics() shows all workers, including a killed one', async (t) => {
  const before = readFileSync(join(project, 'aggregator-before.js'), 'utf8');
  const step = before
    .replace("import { AggregatorRegistry, Counter } from 'prom-client';", (line) =>
      line.replace('Counter', 'Counter, register').concat("\nimport { share } from 'prom-multiproc';"),
    )
    .replace('const aggregator =', 'share(register);\nconst aggregator =');
  assert.match(step, /share\(register\);/);
  writeFileSync(join(project, 'aggregator-step.js'), step);
  const { primary, METRICS_PORT } = await clusterOf(t, 'aggregator-step.js', {
    PROMETHEUS_MULTIPROC_DIR: clearedDirectory(t),
  });
  assert.equal(await counted(METRICS_PORT), REQUESTS);
  await killOneWorker(primary);
  assert.equal(await counted(METRICS_PORT), REQUESTS);
});

test('before: each process shows its own counts on its own port until it exits', async (t) => {
  const ports = [await freePort(), await freePort()];
  const metricsPorts = [await freePort(), await freePort()];
  const [first] = ports.map((PORT, i) =>
    start(t, 'ports-before.js', { PORT, METRICS_PORT: metricsPorts[i]! }),
  );
  await request(...ports);
  for (const port of metricsPorts) assert.equal(await counted(port), REQUESTS / 2);
  await kill(first!);
  assert.equal(await page(metricsPorts[0]!, '/metrics'), undefined);
});

test('after: an additional process shows the counts of all, including a killed one', async (t) => {
  const PROMETHEUS_MULTIPROC_DIR = clearedDirectory(t);
  const metricsPort = await freePort();
  start(t, COMMAND, {}, 'serve', PROMETHEUS_MULTIPROC_DIR, '--port', metricsPort);
  const ports = [await freePort(), await freePort()];
  const [first] = ports.map((PORT) => start(t, 'ports-after.js', { PORT, PROMETHEUS_MULTIPROC_DIR }));
  await request(...ports);
  assert.equal(await counted(metricsPort), REQUESTS);
  await kill(first!);
  assert.equal(await counted(metricsPort), REQUESTS);
});

test('after: under a foreign cluster primary, such as PM2, the processes share their counts', async (t) => {
  const PROMETHEUS_MULTIPROC_DIR = clearedDirectory(t);
  const [PORT, metricsPort] = [await freePort(), await freePort()];
  start(t, COMMAND, {}, 'serve', PROMETHEUS_MULTIPROC_DIR, '--port', metricsPort);
  cluster.setupPrimary({ exec: join(project, 'ports-after.js'), cwd: project });
  const workers = [0, 1].map(() => cluster.fork({ PORT, PROMETHEUS_MULTIPROC_DIR }));
  t.after(() => {
    for (const worker of workers) worker.process.kill('SIGKILL');
  });
  await Promise.all(workers.map((worker) => once(worker, 'listening')));
  await request(PORT);
  assert.equal(await counted(metricsPort), REQUESTS);
  workers[0]!.process.kill('SIGKILL');
  await once(workers[0]!, 'exit');
  assert.equal(await counted(metricsPort), REQUESTS);
});

test('the files in the configuration of PM2 exist', () => {
  const { apps } = createRequire(import.meta.url)(join(project, 'ecosystem.config.cjs'));
  const [app, metrics] = apps as { script: string; args?: string }[];
  assert.ok(existsSync(join(project, app!.script)));
  const { publishConfig } = JSON.parse(
    readFileSync(join(REPOSITORY, 'packages/prom-multiproc/package.json'), 'utf8'),
  );
  assert.equal(metrics!.script, `node_modules/prom-multiproc/${publishConfig.bin['prom-multiproc']}`);
});

test('before: a process pushes its counts to a gateway', async (t) => {
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
  const push = await until('a push with all requests', () =>
    pushed.find((text) => sample(text, 'http_requests_total') === REQUESTS),
  );
  assert.ok(push.startsWith(`POST /metrics/job/my-app/instance/${pid}\n`), push);
});
