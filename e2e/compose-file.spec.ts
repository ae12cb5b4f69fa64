import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { docker } from './docker.ts';

const ROOT = resolve(import.meta.dirname, '..');

interface Port {
  readonly host_ip?: string;
  readonly target: number;
}

interface ServiceConfig {
  readonly profiles?: readonly string[];
  readonly ports?: readonly Port[];
  readonly tmpfs?: readonly string[];
  readonly volumes?: readonly { readonly type: string }[];
  readonly [key: string]: unknown;
}

/** What `x-hardened` stands for, as compose understands it. */
const HARDENED = {
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  ipc: 'none',
  init: true,
  // Compose prints a limit of 0 as nothing.
  ulimits: { core: expect.anything(), nofile: 20000 },
  restart: 'unless-stopped',
  logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
};

async function servicesOf(...profiles: string[]): Promise<Record<string, ServiceConfig>> {
  const chosen = profiles.flatMap((profile) => ['--profile', profile]);
  const { COMPOSE_PROFILES: _, ...env } = process.env;
  const text = await docker(
    ['compose', '--file', resolve(ROOT, 'docker-compose.yml'), ...chosen, 'config', '--format', 'json'],
    env,
  );
  return (JSON.parse(text) as { services: Record<string, ServiceConfig> }).services;
}

test('four services run unless more is wanted', async () => {
  expect(Object.keys(await servicesOf()).sort()).toEqual(['app', 'nginx', 'nginx-exporter', 'prometheus']);
});

test('every service is closed in the same way, those of the profiles too', async () => {
  const services = await servicesOf('*');
  expect(Object.values(services).some(({ profiles }) => profiles !== undefined)).toBe(true);
  for (const [name, service] of Object.entries(services)) {
    expect(service, name).toMatchObject(HARDENED);
    expect(service.privileged ?? false, name).toBe(false);
    expect(service.cap_add ?? [], name).toEqual([]);
    expect(service.network_mode, name).toBeUndefined();
    expect(
      (service.volumes ?? []).map(({ type }) => type).filter((type) => type !== 'volume'),
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

test('only the public door is open to other machines', async () => {
  const services = await servicesOf('*');
  const open = Object.values(services).flatMap(({ ports = [] }) =>
    ports.filter((port) => port.host_ip !== '127.0.0.1'),
  );
  expect(open.map(({ target }) => target)).toEqual([8040]);
});
