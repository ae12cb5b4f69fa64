import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { countedOf } from '../../kit/test-kit/counted.ts';
import { startLoad } from '../../kit/test-kit/load.ts';
import { isAgent, sumOfJob } from '../../kit/test-kit/prometheus.ts';
import { getText, scrape } from '../../kit/test-kit/scrape.ts';
import { startScraping } from '../../kit/test-kit/scraping.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { routeCount } from './count-of-route.ts';
import { ComposeTarget } from './smoke/compose-target.ts';
import { HostTarget } from './smoke/host-target.ts';
import type { Addresses, Target } from './smoke/target.ts';

/** Runs the checks of scripts/smoke: smoke.ts PATH ROUTE. Imports no npm package, so it runs without npm install. */

interface Status {
  readonly workers: readonly { readonly pid: number; readonly state: string }[];
  readonly workersDesired: number;
}

const ROOT = resolve(import.meta.dirname, '../..');
const [PATH = '/ping', ROUTE = PATH] = process.argv.slice(2);
const target = targetOfThisRun();
const REQUESTS = 200;
const LOAD = { connections: 4, maxRequests: REQUESTS, durationMs: 20_000 };
const ANSWER_TIMEOUT_MS = 5_000;
const DEADLINE_MS = 60_000;

/** Arguments for scripts/down at the end; undefined if this run started nothing. */
let down: readonly string[] | undefined;
let starting: ChildProcess | undefined;

function targetOfThisRun(): Target {
  const { SMOKE_HOST_DIRECTORY, COMPOSE_PROJECT_NAME } = process.env;
  if (SMOKE_HOST_DIRECTORY) return new HostTarget(SMOKE_HOST_DIRECTORY);
  if (!COMPOSE_PROJECT_NAME) throw new Error('COMPOSE_PROJECT_NAME is not set: run scripts/smoke');
  return new ComposeTarget(COMPOSE_PROJECT_NAME);
}

function takeDown(): void {
  if (!down) return;
  console.log('smoke: stopping the stack that it started');
  const { status, stderr } = spawnSync(resolve(ROOT, 'scripts/down'), down, { encoding: 'utf8' });
  down = undefined;
  if (status !== 0) console.error(`smoke: scripts/down exited with ${status}:\n${stderr}`);
}

async function findOrStartStack(): Promise<Addresses> {
  const found = await target.addresses();
  const problem =
    found === undefined
      ? 'no port of it is published'
      : await getText(`${found.metrics}/status`, ANSWER_TIMEOUT_MS).then(() => undefined, String);
  if (found !== undefined && problem === undefined) {
    console.log(`smoke: using the running stack at ${found.app}`);
    return found;
  }
  await target.requireNothing(problem!);
  // What is there from before this run, such as data of Prometheus, is kept.
  down = await target.downArguments();
  console.log(`smoke: ${target.name} is not running; starting it`);
  const up = spawn(resolve(ROOT, 'scripts/up'), target.upArguments, { stdio: 'inherit' });
  starting = up;
  const [code, signal] = (await once(up, 'exit')) as [number | null, NodeJS.Signals | null];
  starting = undefined;
  if (code !== 0) throw new Error(`scripts/up exited with ${code ?? signal}`);
  const started = await target.addresses();
  if (started === undefined) throw new Error(`scripts/up published no port of ${target.name}`);
  return started;
}

/** Resolves to the status once every worker is ready and none has one of the pids in `old`. */
function allReady(metricsUrl: string, old: readonly number[] = []): Promise<Status> {
  return poll(
    `all workers ready at ${metricsUrl}/status`,
    async () => {
      const status = JSON.parse(await getText(`${metricsUrl}/status`, ANSWER_TIMEOUT_MS)) as Status;
      const ready = status.workers.filter(({ pid, state }) => state === 'ready' && !old.includes(pid));
      if (ready.length < status.workersDesired) throw new Error(JSON.stringify(status));
      return status;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

async function send(url: string): Promise<void> {
  const report = await startLoad({ ...LOAD, url, requestTimeoutMs: ANSWER_TIMEOUT_MS }).done;
  const all = report.sent === REQUESTS && report.byStatus[200] === REQUESTS;
  if (!all)
    throw new Error(
      `not all ${REQUESTS} requests to ${url} were answered with 200: ${JSON.stringify(report)}`,
    );
}

function requireCount(expected: number, counted: number): void {
  if (counted === expected) return;
  throw new Error(
    `sent ${expected} requests to ${PATH} but counted ${counted} under the route ${ROUTE}; check the pattern, and that nothing else requests it`,
  );
}

const ok = (what: string) => console.log(`ok    ${what}`);

async function check({ app, metrics, prometheus }: Addresses): Promise<void> {
  const { workers } = await allReady(metrics);
  ok(`${workers.length} workers ready`);
  const read = async () => countedOf(await scrape(`${metrics}/metrics`, ANSWER_TIMEOUT_MS), ROUTE);
  const { counted } = await routeCount(
    `requests of the route ${ROUTE} at ${metrics}/metrics`,
    read,
    ANSWER_TIMEOUT_MS,
  );
  const before = await counted();
  const scraping = startScraping({ url: `${metrics}/metrics`, everyMs: 100, timeoutMs: ANSWER_TIMEOUT_MS });
  try {
    await send(app + PATH);
    requireCount(REQUESTS, (await counted()) - before);
    ok(`${REQUESTS} requests answered, ${REQUESTS} counted`);

    // No request is in flight, so the kill must lose no count.
    const victim = workers[0]!.pid;
    await target.kill(victim);
    await allReady(metrics, [victim]);
    requireCount(REQUESTS, (await counted()) - before);
    ok(`worker ${victim} killed and replaced, still ${REQUESTS} counted`);

    await send(app + PATH);
    requireCount(2 * REQUESTS, (await counted()) - before);
    ok(`${REQUESTS} more requests answered, ${2 * REQUESTS} counted in total`);
  } finally {
    await scraping.stop();
  }
  const { scrapes, failed, firstFailure, decreases } = scraping.report;
  if (decreases.length > 0) throw new Error(`counters decreased: ${JSON.stringify(decreases.slice(0, 5))}`);
  if (Object.keys(failed).length > 0)
    throw new Error(`scrapes failed: ${JSON.stringify(failed)}, the first with ${firstFailure}`);
  ok(`${scrapes} scrapes, no counter decreased`);

  const total = await counted();
  if (prometheus === undefined) {
    console.log('--    Prometheus 3.5 or later is not installed on this host: its total is not checked');
    return;
  }
  if (await isAgent(prometheus)) {
    console.log('--    Prometheus is an agent, which answers no queries: its total is not checked');
    return;
  }
  await poll(
    `${total} requests of the route ${ROUTE} in Prometheus at ${prometheus}`,
    async () => {
      const sum = await sumOfJob(prometheus, 'app', `http_requests_total{route=${JSON.stringify(ROUTE)}}`);
      if (sum !== total) throw new Error(`Prometheus has ${sum}`);
      return true;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 500 },
  );
  ok(`Prometheus has the same total: ${total}`);
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, async () => {
    if (starting?.kill(signal)) await once(starting, 'exit');
    takeDown();
    process.exit(code);
  });
}

const began = Date.now();
const seconds = () => `${Math.round((Date.now() - began) / 1_000)} s`;
try {
  await check(await findOrStartStack());
  console.log(`smoke: passed in ${seconds()}`);
} catch (error) {
  const { message, cause } = error as Error;
  console.error(`FAIL  ${message}${cause instanceof Error ? `\n      ${cause.message}` : ''}`);
  console.error(`smoke: failed after ${seconds()}`);
  process.exitCode = 1;
} finally {
  takeDown();
}
