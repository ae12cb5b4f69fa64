import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import type { Deployment } from '../../deploy/kubernetes/testing/objects.ts';
import { objectOf, render, renderText } from '../../deploy/kubernetes/testing/render.ts';
import { startKilling } from '../../e2e/support/killing.ts';
import { seedOfThisRun } from '../../e2e/support/seed.ts';
import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { Random } from '../../packages/prom-multiproc/test/support/random.ts';
import { type Exposition, total } from '../test-kit/exposition.ts';
import { startLoad } from '../test-kit/load.ts';
import { AnswerError, getText, scrape } from '../test-kit/scrape.ts';
import { startScraping } from '../test-kit/scraping.ts';
import { PodmanEngine } from './support/podman-engine.ts';

/**
 * Runs the pod of deploy/kubernetes/base with `podman kube play`. podman has no scheduler, Service, NetworkPolicy, fsGroup or kubelet,
 * and its probes need systemd: deploy/kubernetes/*.test.ts check those fields without a cluster.
 */

const TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 60_000 };
const ANSWER_TIMEOUT_MS = 10_000;
const REQUESTS = 200;
const KILLS = 10;
const PATCH = resolve(import.meta.dirname, 'kubernetes/patch.yaml');
const SHIPPED = renderText('deploy/kubernetes/base');
const PLAYED = renderText('kit/specs/kubernetes');

const { terminationGracePeriodSeconds, securityContext, containers } = objectOf<Deployment>(
  render('deploy/kubernetes/base'),
  'Deployment',
).spec.template.spec;
const shipped = containers[0]!;

test.describe.configure({ mode: 'serial' });

let engine: PodmanEngine;

test.beforeAll(async () => {
  test.setTimeout(TIMEOUT_MS);
  engine = await PodmanEngine.start(String(shipped.image));
  await engine.play(PLAYED);
  await allReady();
});

test.afterAll(() => engine?.remove());

const status = async () =>
  JSON.parse(await getText(`${engine.metricsUrl}/status`, ANSWER_TIMEOUT_MS)) as Status;

function allReady(old: readonly number[] = []): Promise<Status> {
  return poll(
    'all workers of the pod ready',
    async () => {
      const now = await status();
      const ready = now.workers.filter(({ pid, state }) => state === 'ready' && !old.includes(pid));
      return ready.length === now.workersDesired ? now : undefined;
    },
    DEADLINE,
  );
}

const kill = (pid: number) => engine.exec('sh', '-c', 'kill -s KILL "$1"', 'kill', String(pid));
const pingsIn = (exposition: Exposition) =>
  total(exposition, 'http_requests_total', { route: '/ping', status: '200' });
const counted = async () => pingsIn(await scrape(`${engine.metricsUrl}/metrics`, ANSWER_TIMEOUT_MS));
const load = (maxRequests: number, pauseMs = 0) =>
  startLoad({
    pauseMs,
    url: `${engine.publicUrl}/ping`,
    connections: 4,
    maxRequests,
    durationMs: TIMEOUT_MS,
    requestTimeoutMs: ANSWER_TIMEOUT_MS,
  });
const scraping = () =>
  startScraping({ url: `${engine.metricsUrl}/metrics`, everyMs: 100, timeoutMs: ANSWER_TIMEOUT_MS });

test('what podman runs differs from the shipped base by a patch of at most ten lines', () => {
  const patch = readFileSync(PATCH, 'utf8');
  const [before, after] = [SHIPPED, PLAYED].map((text) => text.split('\n'));
  const removed = before!.filter((line) => !after!.includes(line));
  const added = after!.filter((line) => !before!.includes(line));
  const diff = [...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`)];
  console.log(`patch of the base for podman:\n${patch}in the rendered base:\n${diff.join('\n')}`);
  expect(patch.trim().split('\n').length).toBeLessThanOrEqual(10);
  expect(diff.length).toBeLessThanOrEqual(10);
  expect(before!.length - removed.length, 'all other lines').toBe(after!.length - added.length);
});

test('the pod runs with the user, limits and restrictions of the base', async () => {
  const { Config, HostConfig, EffectiveCaps } = await engine.facts();
  const { runAsUser, runAsGroup } = securityContext!;
  expect(Config).toMatchObject({
    StopTimeout: terminationGracePeriodSeconds,
    User: `${runAsUser}:${runAsGroup}`,
  });
  expect(shipped.resources!.limits).toEqual({ memory: '1Gi', cpu: '2' });
  expect(HostConfig).toMatchObject({
    Memory: 1024 ** 3,
    NanoCpus: 2e9,
    ReadonlyRootfs: true,
    SecurityOpt: ['no-new-privileges'],
  });
  expect(EffectiveCaps ?? []).toEqual([]);
  const seen = await engine.exec('sh', '-c', 'cat /proc/self/status; env; touch /written 2>&1 || true');
  expect(seen).toMatch(/^CapBnd:\s+0+$/m);
  expect(seen).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(seen, 'seccomp filters').toMatch(/^Seccomp:\s+2$/m);
  expect(seen).toContain('Read-only file system');
  for (const { name, value } of shipped.env!) expect(seen).toContain(`\n${name}=${value}\n`);
});

test('each probe of the base gets 200 from the pod', async () => {
  const { startupProbe, readinessProbe, livenessProbe } = shipped;
  for (const { httpGet } of [startupProbe!, readinessProbe!, livenessProbe!]) {
    const url = { http: engine.publicUrl, metrics: engine.metricsUrl }[httpGet.port];
    await getText(`${url}${httpGet.path}`, ANSWER_TIMEOUT_MS);
  }
});

test('the public port of the pod serves no metrics, and the metrics port takes no writes', async () => {
  for (const path of ['/metrics', '/status']) {
    const answer = await fetch(`${engine.publicUrl}${path}`);
    expect(answer.status, path).toBe(404);
  }
  expect((await fetch(`${engine.metricsUrl}/metrics`, { method: 'POST' })).status).toBe(405);
});

test('each answered request is counted once, also after a worker of the pod was killed', async () => {
  const before = await counted();
  const watch = scraping();
  expect((await load(REQUESTS).done).byStatus).toEqual({ 200: REQUESTS });
  expect(await counted()).toBe(before + REQUESTS);
  const victim = (await allReady()).workers[0]!.pid;
  await kill(victim);
  await allReady([victim]);
  expect(await counted()).toBe(before + REQUESTS);
  expect((await load(REQUESTS).done).byStatus).toEqual({ 200: REQUESTS });
  expect(await counted()).toBe(before + 2 * REQUESTS);
  const { failed, decreases } = await watch.stop();
  expect([failed, decreases]).toEqual([{}, []]);
});

test('no counter falls and nothing counted is lost while workers of the pod are killed under load', async () => {
  test.setTimeout(TIMEOUT_MS);
  const before = await counted();
  const watch = scraping();
  const running = load(1_000_000);
  const killing = startKilling(
    { status, signal: async (_, pid) => void (await kill(pid)) },
    500,
    new Random(seedOfThisRun()),
  );
  await poll(
    `${KILLS} kills`,
    () => killing.killed.length >= KILLS || killing.failed() || undefined,
    DEADLINE,
  );
  await killing.stop();
  const { sent, byStatus } = await running.stop();
  await allReady(killing.killed);
  const { failed, decreases, scrapes } = await watch.stop();
  const rise = (await counted()) - before;
  const answered = byStatus[200]!;
  console.log(
    `pod: ${killing.killed.length} workers killed; answered ${answered} <= counted ${rise} <= sent ${sent}; ` +
      `${scrapes} scrapes, ${decreases.length} decreases`,
  );
  expect(failed).toEqual({});
  expect(decreases.slice(0, 3)).toEqual([]);
  expect(answered).toBeGreaterThan(REQUESTS);
  expect(rise).toBeGreaterThanOrEqual(answered);
  expect(rise).toBeLessThanOrEqual(sent);
});

test('the metrics directory counts towards the memory limit of the pod', async () => {
  const [, kilobytes] = /^(\d+)/.exec(await engine.exec('du', '-sk', '/run/app/metrics')) ?? [];
  const id = (await engine.podman('inspect', '--format', '{{.Id}}', engine.container)).trim();
  const accounts = await engine.shell(
    `find /sys/fs/cgroup -path '*libpod-${id}*' -name memory.stat -exec cat {} +`,
  );
  const [, shmem] = /^shmem (\d+)$/m.exec(accounts)!;
  console.log(`pod: ${kilobytes} KiB of metrics, ${Number(shmem) / 1024} KiB of shared memory in its cgroup`);
  expect(Number(kilobytes)).toBeGreaterThan(0);
  expect(Number(shmem)).toBeGreaterThanOrEqual(1024 * Number(kilobytes));
});

test('a container that is restarted in the pod starts with an empty metrics directory', async () => {
  test.setTimeout(TIMEOUT_MS);
  await load(REQUESTS).done;
  const before = await counted();
  const pid = (await engine.facts()).State.Pid;
  await engine.shell(`kill -s KILL ${pid}`);
  await poll(
    'another first process',
    async () => ![0, pid].includes((await engine.facts()).State.Pid) || undefined,
    DEADLINE,
  );
  await allReady();
  expect(before).toBeGreaterThanOrEqual(REQUESTS);
  expect(await counted()).toBe(0);
  expect((await load(REQUESTS).done).byStatus).toEqual({ 200: REQUESTS });
  expect(await counted()).toBe(REQUESTS);
});

test('an ending pod first fails its readiness probe while it still serves, and exits with 0 in its grace period', async () => {
  test.setTimeout(TIMEOUT_MS);
  const before = await counted();
  let last = 0;
  // As a Prometheus, for which the pod waits until it has scraped all counts.
  const watch = startScraping({
    url: `${engine.metricsUrl}/metrics`,
    everyMs: 1_000,
    timeoutMs: ANSWER_TIMEOUT_MS,
    onScrape: (exposition) => {
      last = pingsIn(exposition);
    },
  });
  const running = load(1_000_000, 5);
  await poll('scrapes under load', () => watch.report.scrapes >= 3 || undefined, DEADLINE);
  const stopping = engine.podman('stop', engine.container);
  await poll(
    '503 of /readyz',
    () =>
      getText(`${engine.publicUrl}/readyz`, ANSWER_TIMEOUT_MS).then(
        () => undefined,
        (error) => (error instanceof AnswerError && error.status === 503 ? true : undefined),
      ),
    DEADLINE,
  );
  expect(await getText(`${engine.publicUrl}/ping`, ANSWER_TIMEOUT_MS)).toContain('Pong');
  await stopping;
  const [{ byStatus }] = [await running.stop(), await watch.stop()];
  const answered = byStatus[200]! + 1;
  console.log(`pod: ended; answered ${answered}, in the final scrape ${last - before}`);
  expect(last - before).toBe(answered);
  expect(watch.report.decreases).toEqual([]);
  const { State } = await engine.facts();
  const logs = await engine.logs();
  expect([State.ExitCode, State.OOMKilled], logs).toEqual([0, false]);
  expect(logs).toContain('"msg":"final scrape done"');
});
