/** Limits of containers that a host can give have the same values there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  readonly ulimits: { readonly nofile: number; readonly core: number };
  readonly logging: { readonly options: Readonly<Record<'max-size' | 'max-file', string>> };
}
const { services } = parse(text('docker-compose.yml'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};
const PROGRAMS = {
  app: 'supervisor/programs/app.conf',
  nginx: 'supervisor/host/nginx.conf',
  'nginx-exporter': 'supervisor/host/nginx-exporter.conf',
  prometheus: 'supervisor/host/prometheus.conf',
};

test('open files and core dumps have the limits of the containers', () => {
  const inStack = text('scripts/lib/host/in-stack');
  for (const { ulimits } of Object.values(services)) {
    assert.ok(inStack.includes(`\nulimit -n ${ulimits.nofile} 2>`), `nofile ${ulimits.nofile}`);
    assert.ok(inStack.includes(`\nulimit -c ${ulimits.core}\n`), `core ${ulimits.core}`);
  }
});

for (const [program, file] of Object.entries(PROGRAMS)) {
  test(`the log of ${program} has as many files of the same size as with containers`, () => {
    const { 'max-size': size, 'max-file': files } = services[program]!.logging.options;
    const [, backups] = /^stdout_logfile_backups=(\d+)$/m.exec(text(file)) ?? [];
    assert.equal(Number(backups) + 1, Number(files));
    const pattern = new RegExp(`^log_of ${program} [A-Z_]+ (\\d+)MB$`, 'm');
    assert.equal(`${pattern.exec(text('supervisor/run-supervisord'))?.[1]}m`, size);
  });
}
