import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { docker } from '../test-kit/docker.ts';

const ROOT = resolve(import.meta.dirname, '../..');

interface Port {
  readonly host_ip?: string;
  readonly published?: string;
  readonly target: number;
}

interface NetworkConfig {
  readonly internal?: boolean;
  readonly driver_opts?: Readonly<Record<string, string>>;
}

interface ServiceConfig {
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly dns?: readonly string[];
  readonly profiles?: readonly string[];
  readonly ports?: readonly Port[];
  readonly tmpfs?: readonly string[];
  readonly volumes?: readonly { readonly type: string; readonly read_only?: boolean }[];
  readonly [key: string]: unknown;
}

/** `x-hardened` as `docker compose config` prints it. */
const HARDENED = {
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  ipc: 'none',
  init: true,
  // Compose does not print a limit of 0.
  ulimits: { core: expect.anything(), nofile: 20000 },
  restart: 'unless-stopped',
};

/** The keys that a service may set. Others could weaken it: devices, pid, uts, userns_mode, cgroup_parent, sysctls. */
const ALLOWED_KEYS = new Set(
  `build cap_drop command cpu_period cpu_quota depends_on dns dns_opt entrypoint environment healthcheck image init ipc logging
  mem_limit memswap_limit networks pids_limit ports profiles read_only restart security_opt stop_grace_period tmpfs ulimits
  volumes`.split(/\s+/),
);

interface ComposeConfig {
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly networks: Readonly<Record<string, NetworkConfig>>;
}

const servicesOf = async (...profiles: string[]) =>
  (await configOf(['docker-compose.yml'], profiles)).services;

async function configOf(
  files: readonly string[],
  profiles: readonly string[],
  variables: NodeJS.ProcessEnv = {},
): Promise<ComposeConfig> {
  const given = files.flatMap((file) => ['--file', resolve(ROOT, file)]);
  const chosen = profiles.flatMap((profile) => ['--profile', profile]);
  const { COMPOSE_PROFILES: _, ...env } = process.env;
  const text = await docker(['compose', ...given, ...chosen, 'config', '--format', 'json'], {
    ...env,
    ...variables,
  });
  return JSON.parse(text) as ComposeConfig;
}

const LOGGING: Record<string, unknown> = {
  nginx: { driver: 'json-file', options: { 'max-size': '20m', 'max-file': '10', compress: 'true' } },
  others: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
};

const FOLDERS = ['demo-app', 'nginx', 'nginx/exporter', 'prometheus', 'alertmanager', 'grafana', 'caddy'];

test('four services run by default', async () => {
  expect(Object.keys(await servicesOf()).sort()).toEqual(['app', 'nginx', 'nginx-exporter', 'prometheus']);
});

test('every service has the same restrictions, including those in profiles', async () => {
  const services = await servicesOf('*');
  expect(Object.values(services).some(({ profiles }) => profiles !== undefined)).toBe(true);
  for (const [name, service] of Object.entries(services)) {
    expect(service, name).toMatchObject(HARDENED);
    expect(
      Object.keys(service).filter((field) => !ALLOWED_KEYS.has(field)),
      name,
    ).toEqual([]);
    expect(service.logging, name).toEqual(LOGGING[name] ?? LOGGING.others);
    expect(
      (service.volumes ?? []).filter(({ type, read_only }) => type !== 'volume' && !read_only),
      name,
    ).toEqual([]);
    for (const limit of ['mem_limit', 'pids_limit', 'cpu_quota', 'cpu_period']) {
      expect(Number(service[limit]), `${name}: ${limit}`).toBeGreaterThan(0);
    }
    expect(service.memswap_limit, `${name}: no swap`).toBe(service.mem_limit);
    for (const mount of service.tmpfs ?? []) {
      expect(mount, name).toMatch(/size=\d+[mk].*noexec,nosuid,nodev/);
    }
  }
});

test('only the public port and that of TLS are published to other machines', async () => {
  const services = await servicesOf('*');
  const open = Object.values(services).flatMap(({ ports = [] }) =>
    ports.filter((port) => port.host_ip !== '127.0.0.1'),
  );
  expect(open.map(({ target }) => target).sort()).toEqual([8040, 8443, 8443]);
});

test('METRICS_HOST_PORT sets the host port of the metrics, and so does its old name METRICS_DOOR_PORT', async () => {
  const publishedWith = async (variables: NodeJS.ProcessEnv) => {
    const unset = { METRICS_HOST_PORT: '', METRICS_DOOR_PORT: '' };
    const { services } = await configOf(['docker-compose.yml'], [], { ...unset, ...variables });
    return services.nginx?.ports?.find(({ target }) => target === 9040)?.published;
  };
  expect(await publishedWith({})).toBe('9040');
  expect(await publishedWith({ METRICS_HOST_PORT: '9140' })).toBe('9140');
  expect(await publishedWith({ METRICS_DOOR_PORT: '9240' })).toBe('9240');
  expect(await publishedWith({ METRICS_HOST_PORT: '9140', METRICS_DOOR_PORT: '9240' })).toBe('9140');
});

/** The network with outbound access; only Alertmanager uses it, a service of a profile. */
const OUTBOUND = 'egress';
const MASQUERADE = 'com.docker.network.bridge.enable_ip_masquerade';
/** Returns why a container on this network reaches nothing outside, or undefined if it does. */
function closedBy({
  internal,
  driver_opts,
}: NetworkConfig): 'no way out' | 'no answer comes back' | undefined {
  if (internal) return 'no way out';
  return driver_opts?.[MASQUERADE] === 'false' ? 'no answer comes back' : undefined;
}

test('no default network has outbound access, and services with published ports resolve no external names', async () => {
  const { services, networks } = await configOf(['docker-compose.yml'], ['*']);
  const { [OUTBOUND]: _, ...kept } = networks;
  for (const [name, network] of Object.entries(kept)) {
    expect(closedBy(network), name).toBeDefined();
    if (!network.internal) continue;
    // Otherwise the host has an address on the network: https://docs.docker.com/engine/network/drivers/bridge/
    expect(network.driver_opts, name).toMatchObject({ 'com.docker.network.bridge.inhibit_ipv4': 'true' });
  }
  const outbound = Object.keys(services).filter((name) => OUTBOUND in (services[name]!.networks ?? {}));
  expect(outbound).toEqual(['alertmanager']);
  for (const [name, service] of Object.entries(services)) {
    const published = Object.keys(service.networks ?? {}).filter(
      (network) => kept[network] && !kept[network].internal,
    );
    expect(published.length, name).toBe(service.ports === undefined ? 0 : 1);
    expect(service.dns ?? [], name).toEqual(service.ports === undefined ? [] : ['127.0.0.1']);
  }
});

test('remote-write.compose.yml gives outbound access to Prometheus only', async () => {
  const files = ['docker-compose.yml', 'prometheus/remote-write.compose.yml'];
  const { services, networks } = await configOf(files, ['*']);
  const open = Object.keys(networks).filter((name) => closedBy(networks[name]!) === undefined);
  expect(open.sort()).toEqual([OUTBOUND, 'remote-write']);
  const out = Object.keys(services).filter((name) => 'remote-write' in (services[name]!.networks ?? {}));
  expect(out).toEqual(['prometheus']);
});

test('caddy/acme.compose.yml gives outbound access and name resolution to Caddy only', async () => {
  const { services, networks } = await configOf(['docker-compose.yml', 'caddy/acme.compose.yml'], ['*']);
  const open = Object.keys(networks).filter((name) => closedBy(networks[name]!) === undefined);
  expect(open.sort()).toEqual(['acme', OUTBOUND]);
  const out = Object.keys(services).filter((name) => 'acme' in (services[name]!.networks ?? {}));
  expect(out).toEqual(['caddy']);
  expect(services.caddy!.dns ?? []).toEqual([]);
});

test('every base image is pinned to a version', () => {
  for (const directory of FOLDERS) {
    const file = readFileSync(resolve(ROOT, directory, 'Dockerfile'), 'utf8');
    const stages = [...file.matchAll(/^FROM (?:--\S+ )?(\S+)(?: AS (\S+))?/gm)];
    const [, argument] = /^ARG (\w+_BASE)=official$/m.exec(file) ?? [];
    const [[, official, name], ...others] = stages as unknown as [string[], ...string[][]];
    expect(official, directory).toMatch(/:v?\d+(\.\d+)*(-\w+)*(@sha256:[0-9a-f]{64})?$/);
    expect(name, directory).toBe('official');
    expect(others.length, directory).toBeGreaterThan(0);
    const own = new Set([`\${${argument}}`, 'scratch', ...others.map(([, , stage]) => stage)]);
    const elsewhere = others.filter(([, base]) => !own.has(base));
    expect(elsewhere, `${directory}: every stage starts from the build argument`).toEqual([]);
  }
});
