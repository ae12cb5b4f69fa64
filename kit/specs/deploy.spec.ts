import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { type ProxiedEntry, parseAccessLine, upstreamAttempts } from '../../e2e/support/access-log.ts';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { query, totalIncrease, totalOfAllLives } from '../test-kit/prometheus.ts';
import { DeployLoad, type Method, type Outcome } from './support/deploy-load.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const TIMEOUT_MS = 20 * 60_000;
const DEADLINE = { deadlineMs: 90_000 };
const DEPLOYS = Number(process.env.DEPLOYS ?? 2);
/** Two: in one, a scrape may come in the moment between the last count and the exit. */
const CONTROL_DEPLOYS = 2;
/** So many requests are answered before the first deploy and after the last one. */
const BEFORE_AND_AFTER = 600;
const METHODS: readonly Method[] = ['GET', 'POST'];
const selectorOf = (method: Method) =>
  `http_requests_total{job="app",method="${method}",route=~"/ping|/wait|/upload"}`;
/** nginx' messages of a try that failed before it could send the request. */
const NOT_CONNECTED =
  /connect\(\) failed \((?:111|113): |timed out \(110: [^)]*\) while connecting to upstream|no live upstreams/;
const run = promisify(execFile);
const WAITS = '"msg":"waiting for the final scrape"';
const ENDED = '"msg":"drained; exiting"';

test.describe.configure({ mode: 'serial' });

let stack: ComposeStack;
const entries: ProxiedEntry[] = [];
const errors: string[] = [];

test.beforeAll(async () => {
  test.setTimeout(TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    overrides: ['kit/specs/fixtures/load-routes.compose.yml', 'kit/specs/fixtures/start-times.compose.yml'],
  });
});

test.afterAll(() => stack?.down());

const lastScrape = async () =>
  (await query(stack.prometheusUrl, 'max(timestamp(up{job="app"}))'))[0]?.value ?? 0;
const WINDOW = '30m';
const inPrometheus = (method: Method) => totalOfAllLives(stack.prometheusUrl, selectorOf(method), WINDOW);

async function deployUnderLoad(deploys: number, environment: Readonly<Record<string, string>> = {}) {
  const load = new DeployLoad(stack.publicUrl);
  const further = async () => {
    const wanted = load.answered + BEFORE_AND_AFTER;
    await poll('further answers', () => load.answered >= wanted || undefined, DEADLINE);
  };
  await further();
  for (let i = 0; i < deploys; i++)
    expect(await stack.deploy(environment)).toMatch(/^deployed: \S+ replaced \S+\n$/);
  await further();
  const outcomes = await load.stop();
  console.log(`${deploys} deploys: ${JSON.stringify(outcomes)}, slowest ${Math.round(load.slowestMs)} ms`);
  await stack.settle();
  return outcomes;
}

function expectNoFailure(outcomes: Readonly<Record<Method, Outcome>>): void {
  for (const method of METHODS) expect(outcomes[method].failed, method).toEqual({});
}

test('deploys under load fail no request; Prometheus has exactly what was answered, by last samples and by start times', async () => {
  test.setTimeout(TIMEOUT_MS);
  const log = await stack.followLog('nginx', (line) => {
    const entry = parseAccessLine(line);
    if (entry !== undefined) entries.push(entry);
    else if (/\bupstream\b/.test(line)) errors.push(line);
  });
  const outcomes = await deployUnderLoad(DEPLOYS);
  const sent = METHODS.reduce((sum, method) => sum + outcomes[method].sent, 0);
  try {
    await poll('the access log', () => entries.length >= sent || undefined, DEADLINE);
  } finally {
    log.close();
  }
  expectNoFailure(outcomes);
  const retried = entries.filter((entry) => upstreamAttempts(entry) > 1);
  const kinds = Object.groupBy(retried, ({ upstream_status }) => upstream_status);
  console.log(
    `retried: ${JSON.stringify(Object.fromEntries(Object.entries(kinds).map(([kind, of]) => [kind, of!.length])))}`,
  );
  expect(retried.length, 'nginx tried a container that refused').toBeGreaterThan(0);
  for (const { upstream_status, upstream_addr } of retried) {
    // `502 :` if the addresses changed after the first try: errors.conf.
    expect(upstream_status).toMatch(/^50[24], (?:502 : )?200$/);
    const [first, last] = upstream_addr.match(/[\d.]+:8041/g)!;
    expect(first).not.toBe(last);
  }
  expect(errors.filter((line) => !NOT_CONNECTED.test(line))).toEqual([]);
  // Each was counted once, so no POST was handled twice; and the last counts of no container are missing.
  for (const method of METHODS) {
    const { answered } = outcomes[method];
    await poll(
      `${answered} of ${method}`,
      async () => (await inPrometheus(method)) >= answered || undefined,
      DEADLINE,
    );
    expect(await inPrometheus(method), method).toBe(answered);
    console.log(`${method}: ${answered} answered, ${await inPrometheus(method)} in Prometheus`);
  }
  const reading = await stack.published('prometheus-start-times', 9090);
  for (const method of METHODS) {
    const { answered } = outcomes[method];
    const increaseIn = (url: string) => totalIncrease(url, selectorOf(method), WINDOW);
    await poll(
      `an increase of ${answered} of ${method}`,
      async () => (await increaseIn(reading)) >= answered || undefined,
      DEADLINE,
    );
    const [withStartTimes, without] = [await increaseIn(reading), await increaseIn(stack.prometheusUrl)];
    console.log(
      `${method}: the raw samples increase by ${withStartTimes}, without start times by ${without}`,
    );
    expect(withStartTimes, method).toBe(answered);
    expect(without, `${method}: the first sample of each container is missing`).toBeLessThan(answered);
  }
});

test('without the final scrape the last samples fall short', async () => {
  test.setTimeout(TIMEOUT_MS);
  const before = await Promise.all(METHODS.map(inPrometheus));
  const outcomes = await deployUnderLoad(CONTROL_DEPLOYS, { FINAL_SCRAPE: '0' });
  expectNoFailure(outcomes);
  const at = Date.now() / 1000;
  await poll('a later scrape', async () => (await lastScrape()) > at || undefined, DEADLINE);
  const after = await Promise.all(METHODS.map(inPrometheus));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const answered = sum(METHODS.map((method) => outcomes[method].answered));
  const seen = sum(after) - sum(before);
  console.log(`without the final scrape: ${answered} answered, ${seen} in Prometheus`);
  expect(seen).toBeLessThan(answered);
});

test('supervisorctl restart and scripts/down do not wait for the final scrape', async () => {
  const lines: string[] = [];
  const log = await stack.followLog('app', (line) => lines.push(line));
  try {
    await stack.restartApp();
    await stack.settle();
    await run(join(ROOT, 'scripts/down'), ['--volumes'], {
      env: { ...stack.scriptEnvironment, FINAL_SCRAPE: '1' },
    });
    const ends = () => lines.filter((line) => line.includes(ENDED)).length;
    await poll('the last line of the app', () => ends() >= 2 || undefined, DEADLINE);
  } finally {
    log.close();
  }
  expect(lines.filter((line) => line.includes(WAITS))).toEqual([]);
});
