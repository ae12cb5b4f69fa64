import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { countedOf } from '../../kit/test-kit/counted.ts';
import { startLoad } from '../../kit/test-kit/load.ts';
import { sumOfJob } from '../../kit/test-kit/prometheus.ts';
import { getText, scrape } from '../../kit/test-kit/scrape.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { routeCount } from './count-of-route.ts';

/** The steps of scripts/smoke: smoke.ts PATH ROUTE. No packages: Node and the docker client are all it needs. */

interface Status {
  readonly workers: readonly { readonly pid: number; readonly state: string }[];
  readonly workersDesired: number;
}

const ROOT = resolve(import.meta.dirname, '../..');
const [PATH = '/ping', ROUTE = PATH] = process.argv.slice(2);
const PROJECT = projectName();
const REQUESTS = 200;
const LOAD = { connections: 4, maxRequests: REQUESTS, durationMs: 20_000 };
const ANSWER_TIMEOUT_MS = 5_000;
const DEADLINE_MS = 60_000;

const run = promisify(execFile);
/** How to take down what this run started; undefined where it started nothing. */
let down: readonly string[] | undefined;
let bringingUp: ChildProcess | undefined;

/** As scripts/smoke found it. */
function projectName(): string {
  const { COMPOSE_PROJECT_NAME } = process.env;
  if (!COMPOSE_PROJECT_NAME) throw new Error('COMPOSE_PROJECT_NAME is not set: start scripts/smoke');
  return COMPOSE_PROJECT_NAME;
}

/** Where the stack answers. */
interface Addresses {
  readonly app: string;
  readonly door: string;
  readonly prometheus: string;
}

/**
 * Of this checkout's stack, as Docker publishes it: at the ports that it would have, another stack may answer. Undefined where it
 * publishes none.
 */
async function addresses(): Promise<Addresses | undefined> {
  const at = async (service: string, port: number): Promise<string> => {
    const published = await docker('compose', '--project-name', PROJECT, 'port', service, String(port));
    const [, host] = /:([1-9]\d*)$/.exec(published) ?? [];
    if (host === undefined) throw new Error(`${service} is not running`);
    return `http://127.0.0.1:${host}`;
  };
  const running = ['ps', '--quiet', '--status', 'running', 'prometheus'];
  try {
    // nginx publishes Prometheus' port, whether that runs or not.
    if ((await docker('compose', '--project-name', PROJECT, ...running)) === '') return undefined;
    return {
      app: await at('nginx', 8040),
      door: await at('nginx', 9040),
      prometheus: await at('nginx', 9090),
    };
  } catch (error) {
    const { message, stderr } = error as { message: string; stderr?: string };
    if (/no container|not running/i.test(stderr ?? message)) return undefined;
    throw error;
  }
}

async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args, { cwd: ROOT })).stdout.trim();
}

function takeDown(): void {
  if (!down) return;
  console.log('smoke: taking down what it started');
  const { status, stderr } = spawnSync(resolve(ROOT, 'scripts/down'), down, { encoding: 'utf8' });
  down = undefined;
  if (status !== 0) console.error(`smoke: scripts/down ended with ${status}:\n${stderr}`);
}

async function bringUp(): Promise<Addresses> {
  const found = await addresses();
  const silence =
    found === undefined
      ? 'no port of it is published'
      : await getText(`${found.door}/status`, ANSWER_TIMEOUT_MS).then(() => undefined, String);
  if (found !== undefined && silence === undefined) {
    console.log(`smoke: taking the running stack at ${found.app}`);
    return found;
  }
  const ofProject = `label=com.docker.compose.project=${PROJECT}`;
  if ((await docker('ps', '--all', '--quiet', '--filter', ofProject)) !== '') {
    throw new Error(
      `${PROJECT} has containers, but ${silence}: see docker compose ps, or end it with scripts/down`,
    );
  }
  // What Prometheus has recorded before is not this run's to remove.
  const recorded = await docker('volume', 'ls', '--quiet', '--filter', ofProject);
  down = recorded === '' ? ['--volumes'] : [];
  console.log(`smoke: nothing runs as ${PROJECT}, bringing the stack up`);
  const up = spawn(resolve(ROOT, 'scripts/up'), ['--detach'], { stdio: 'inherit' });
  bringingUp = up;
  const [code, signal] = (await once(up, 'exit')) as [number | null, NodeJS.Signals | null];
  bringingUp = undefined;
  if (code !== 0) throw new Error(`scripts/up --detach ended with ${code ?? signal}`);
  const brought = await addresses();
  if (brought === undefined) throw new Error(`scripts/up --detach published no port of ${PROJECT}`);
  return brought;
}

/** The status once every worker is ready and none of the given pids is among them. */
function settled(door: string, gone: readonly number[] = []): Promise<Status> {
  return poll(
    `all workers ready at ${door}/status`,
    async () => {
      const status = JSON.parse(await getText(`${door}/status`, ANSWER_TIMEOUT_MS)) as Status;
      const ready = status.workers.filter(({ pid, state }) => state === 'ready' && !gone.includes(pid));
      if (ready.length < status.workersDesired) throw new Error(JSON.stringify(status));
      return status;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

async function kill(pid: number): Promise<void> {
  const exec = ['compose', '--project-name', PROJECT, 'exec', '--no-TTY', 'app'];
  await docker(...exec, 'sh', '-c', 'kill -s KILL "$1"', 'kill', String(pid));
}

async function send(url: string): Promise<void> {
  const report = await startLoad({ ...LOAD, url, requestTimeoutMs: ANSWER_TIMEOUT_MS }).done;
  const all = report.sent === REQUESTS && report.byStatus[200] === REQUESTS;
  if (!all) throw new Error(`${REQUESTS} requests to ${url}, but: ${JSON.stringify(report)}`);
}

function exactly(wanted: number, got: number): void {
  if (got === wanted) return;
  throw new Error(
    `sent ${wanted} requests to ${PATH} but counted ${got} under the route ${ROUTE} (is that its pattern, and has nothing else asked for it meanwhile?)`,
  );
}

const ok = (what: string) => console.log(`ok    ${what}`);

async function check({ app, door, prometheus }: Addresses): Promise<void> {
  const { workers } = await settled(door);
  ok(`${workers.length} workers ready`);
  const ask = async () => countedOf(await scrape(`${door}/metrics`, ANSWER_TIMEOUT_MS), ROUTE);
  const { counted } = await routeCount(
    `requests of the route ${ROUTE} at ${door}/metrics`,
    ask,
    ANSWER_TIMEOUT_MS,
  );
  const before = await counted();
  const scraping = startScraping({ url: `${door}/metrics`, everyMs: 100, timeoutMs: ANSWER_TIMEOUT_MS });
  try {
    await send(app + PATH);
    exactly(REQUESTS, (await counted()) - before);
    ok(`${REQUESTS} requests answered, ${REQUESTS} counted`);

    // Nothing is in flight now: the kill must not cost a single count.
    const victim = workers[0]!.pid;
    await kill(victim);
    await settled(door, [victim]);
    exactly(REQUESTS, (await counted()) - before);
    ok(`worker ${victim} killed and replaced, still ${REQUESTS} counted`);

    await send(app + PATH);
    exactly(2 * REQUESTS, (await counted()) - before);
    ok(`${REQUESTS} more requests answered, ${2 * REQUESTS} counted in all`);
  } finally {
    await scraping.stop();
  }
  const { scrapes, failed, firstFailure, decreases } = scraping.report;
  if (decreases.length > 0) throw new Error(`counters fell: ${JSON.stringify(decreases.slice(0, 5))}`);
  if (Object.keys(failed).length > 0)
    throw new Error(`scrapes failed: ${JSON.stringify(failed)}, the first with ${firstFailure}`);
  ok(`${scrapes} scrapes, no counter fell in any`);

  const total = await counted();
  await poll(
    `${total} requests of the route ${ROUTE} in Prometheus at ${prometheus}`,
    async () => {
      const sum = await sumOfJob(prometheus, 'app', `http_requests_total{route=${JSON.stringify(ROUTE)}}`);
      if (sum !== total) throw new Error(`Prometheus says ${sum}`);
      return true;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 500 },
  );
  ok(`Prometheus says the same: ${total}`);
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, async () => {
    if (bringingUp?.kill(signal)) await once(bringingUp, 'exit');
    takeDown();
    process.exit(code);
  });
}

const began = Date.now();
const seconds = () => `${Math.round((Date.now() - began) / 1_000)} s`;
try {
  await check(await bringUp());
  console.log(`smoke: passed in ${seconds()}`);
} catch (error) {
  const { message, cause } = error as Error;
  console.error(`FAIL  ${message}${cause instanceof Error ? `\n      ${cause.message}` : ''}`);
  console.error(`smoke: failed after ${seconds()}`);
  process.exitCode = 1;
} finally {
  takeDown();
}
