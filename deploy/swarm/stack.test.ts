/** Checks what the stack of a Swarm shares with docker-compose.yml, and the times that depend on each other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../..');
const yaml = (file: string) => parse(readFileSync(resolve(ROOT, file), 'utf8'), { merge: true });
const compose = yaml('docker-compose.yml').services;
const { services, networks } = yaml('deploy/swarm/stack.yml');

const SHARED = ['app', 'nginx', 'prometheus'] as const;
/** Settings that both files have under the same name. */
const SAME = [
  'read_only',
  'cap_drop',
  'init',
  'ulimits',
  'logging',
  'healthcheck',
  'stop_grace_period',
] as const;

const bytes = (size: string) => {
  const [, number, unit] = /^(\d+)([mg])$/.exec(size)!;
  return Number(number) * { m: 2 ** 20, g: 2 ** 30 }[unit as 'm' | 'g'];
};
const defaultOf = (value: string) => /^\$\{\w+:-(.*)\}$/.exec(value)?.[1] ?? value;
const seconds = (time: string) => Number(/^(\d+)s$/.exec(time)![1]);

for (const name of SHARED) {
  const [here, there] = [services[name], compose[name]];

  test(`${name} has the restrictions, health check and grace period of docker-compose.yml`, () => {
    for (const key of SAME) assert.deepEqual(here[key], there[key], key);
  });

  test(`${name} has the limits of docker-compose.yml`, () => {
    const { cpus, memory, pids } = here.deploy.resources.limits;
    assert.equal(bytes(memory), bytes(defaultOf(there.mem_limit)), 'memory');
    assert.equal(pids, there.pids_limit, 'pids');
    const quota = Number(defaultOf(String(there.cpu_quota)));
    assert.equal(Number(cpus), quota / there.cpu_period, 'processors');
  });
}

test('a tmpfs has the size of docker-compose.yml, and the app and nginx write to nothing else', () => {
  for (const name of ['app', 'nginx'] as const) {
    const [, size] = /size=(\w+)/.exec(compose[name].tmpfs)!;
    const [{ type, target, tmpfs }] = services[name].volumes;
    assert.deepEqual([type, tmpfs.size], ['tmpfs', bytes(size!)], name);
    for (const [variable, path] of Object.entries<string>(services[name].environment))
      if (/DIRECTORY|DIR$|PREFIX/.test(variable)) assert.ok(path.startsWith(target), variable);
  }
});

test('only nginx is published, on port 8040 of its node', () => {
  const published = Object.entries<{ ports?: { target: number; mode: string }[] }>(services).flatMap(
    ([name, { ports = [] }]) => ports.map(({ target, mode }) => [name, target, mode]),
  );
  assert.deepEqual(published, [['nginx', 8040, 'host']]);
  for (const [name, network] of Object.entries<{ internal?: boolean }>(networks))
    assert.equal(network.internal ?? false, name !== 'edge', name);
});

test('a new replica starts before an old one ends, which waits for the final scrape', () => {
  const { deploy, environment } = services.app;
  assert.equal(deploy.update_config.order, 'start-first');
  assert.equal(deploy.rollback_config.order, 'start-first');
  assert.equal(deploy.endpoint_mode, 'dnsrr');
  assert.equal(environment.FINAL_SCRAPE, '1');
});

test('an ended replica is listed for its whole grace period, and not so long that TargetDown fires', () => {
  const [, , keep] = services.discovery.command;
  const { global } = yaml('prometheus/prometheus.yml');
  const [, alertAfter] = /alert: TargetDown\n.*\n\s+for: (\d+)m/.exec(
    readFileSync(resolve(ROOT, 'prometheus/rules/alerts.yml'), 'utf8'),
  )!;
  const [job] = yaml('prometheus/jobs/swarm.yml').scrape_configs;
  const refresh = seconds(job.http_sd_configs[0].refresh_interval);
  assert.ok(Number(keep) >= seconds(services.app.stop_grace_period), 'the grace period');
  // Prometheus applies changed targets at most every 5 s, and the last scrape may begin just before.
  const down = Number(keep) + refresh + 5 + seconds(global.scrape_interval);
  assert.ok(down < 60 * Number(alertAfter), `${down} s`);
});
