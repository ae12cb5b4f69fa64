/** Checks that the base agrees with the rest of the checkout: compose file, supervisord, settings and Prometheus. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readSettings } from '../../packages/cluster-runtime/src/core/settings.ts';
import { FINAL_SCRAPE_MAX_MS } from '../../packages/cluster-runtime/src/primary/final-scrape.ts';
import { longestEndMs } from '../../packages/cluster-runtime/src/primary/longest-end.ts';
import type { Deployment, PodMonitor, Probe } from './testing/objects.ts';
import { objectOf, render } from './testing/render.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(resolve(ROOT, path), 'utf8');

const base = render('deploy/kubernetes/base');
const { spec } = objectOf<Deployment>(base, 'Deployment');
const pod = spec.template.spec;
const app = pod.containers[0]!;
const [volume] = pod.volumes as { name: string; emptyDir: { medium: string; sizeLimit: string } }[];
const env = Object.fromEntries(app.env!.map(({ name, value }) => [name, value]));
const settings = readSettings(env);
const [endpoint] = objectOf<PodMonitor>(base, 'PodMonitor').spec.podMetricsEndpoints;

const programs = read('supervisor/programs/app.conf');
const secondsOf = (option: string) => Number(new RegExp(`^${option}=(\\d+)$`, 'm').exec(programs)![1]);
const mebibytes = (quantity: string) => {
  const [, number, unit] = /^(\d+)(Mi|Gi|m|g)$/.exec(quantity)!;
  return Number(number) * (unit === 'Gi' || unit === 'g' ? 1024 : 1);
};
const longestSeconds = ({ periodSeconds, failureThreshold }: Probe) => periodSeconds * failureThreshold;

/** Time for a process to exit after it has done everything. */
const MARGIN_SECONDS = 2;

test('the grace period exceeds the wait of supervisord, which exceeds the longest end with the final scrape', () => {
  const longest = longestEndMs(settings) / 1_000;
  const wait = secondsOf('stopwaitsecs');
  const grace = pod.terminationGracePeriodSeconds!;
  assert.ok(wait >= longest + MARGIN_SECONDS, `supervisord waits ${wait} s, the end takes ${longest} s`);
  assert.ok(grace >= wait + MARGIN_SECONDS, `${grace} s, supervisord waits ${wait} s`);
  const { services } = parse(read('docker-compose.yml'), { merge: true });
  assert.equal(`${grace}s`, services.app.stop_grace_period);
});

test('the final scrape is enabled, and its longest wait covers 1.2 scrape intervals', () => {
  assert.equal(settings.finalScrape, true);
  const { scrape_interval, scrape_timeout } = parse(read('prometheus/prometheus.yml')).global;
  assert.deepEqual([endpoint!.interval, endpoint!.scrapeTimeout], [scrape_interval, scrape_timeout]);
  assert.ok(1_200 * Number.parseInt(scrape_interval, 10) <= FINAL_SCRAPE_MAX_MS);
});

test('memory, processors, heap and the volume in memory have the limits of the compose file', () => {
  const { services } = parse(read('docker-compose.yml'), { merge: true });
  const { mem_limit, cpu_quota, cpu_period, tmpfs, environment } = services.app;
  const defaultOf = (value: string) => /:-(\w+)\}$/.exec(value)![1]!;
  const { limits, requests } = app.resources!;
  assert.equal(mebibytes(limits!.memory!), mebibytes(defaultOf(mem_limit)));
  assert.equal(Number(limits!.cpu), Number(defaultOf(cpu_quota)) / cpu_period);
  assert.equal(env.HEAP_MB, defaultOf(environment.HEAP_MB));
  const [, path, size] = /^(\S+?):.*\bsize=(\w+)/.exec(tmpfs)!;
  assert.deepEqual(app.volumeMounts, [{ name: volume!.name, mountPath: path }]);
  assert.equal(volume!.emptyDir.medium, 'Memory');
  assert.equal(mebibytes(volume!.emptyDir.sizeLimit), mebibytes(size!));
  assert.equal(
    requests!.memory,
    limits!.memory,
    'memory that the limit grants but no request reserves is overcommitted',
  );
});

test('every process at its heap limit and a full metrics directory fit in the memory limit', () => {
  const processes = settings.workers + 1;
  const needed = processes * Number(env.HEAP_MB) + mebibytes(volume!.emptyDir.sizeLimit);
  assert.ok(needed < mebibytes(app.resources!.limits!.memory!), `${needed} MiB`);
  assert.equal(settings.workers, Number(app.resources!.limits!.cpu), 'one worker for each processor');
});

test('each probe requests a path of its port, and waits longer than what it must not interrupt', () => {
  const { startupProbe, readinessProbe, livenessProbe } = app as Required<typeof app>;
  assert.deepEqual(
    [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => [httpGet.port, httpGet.path]),
    [
      ['http', '/readyz'],
      ['http', '/readyz'],
      ['metrics', '/status'],
    ],
  );
  assert.ok(longestSeconds(startupProbe) > secondsOf('startsecs'), 'a start');
  assert.ok(
    longestSeconds(livenessProbe) * 1_000 > 2 * settings.workerTimeoutMs,
    'a worker that is replaced',
  );
});

test('the ports are those of the image', () => {
  const [, http, metrics] = /^EXPOSE (\d+) (\d+)$/m.exec(read('demo-app/Dockerfile'))!;
  assert.deepEqual(app.ports, [
    { name: 'http', containerPort: Number(http) },
    { name: 'metrics', containerPort: Number(metrics) },
  ]);
});

test('each variable of the pod is a setting on the page of settings', () => {
  const page = read('docs/reference/settings.md');
  for (const name of Object.keys(env)) assert.ok(page.includes(`| \`${name}\` |`), name);
});
