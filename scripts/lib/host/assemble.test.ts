import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { temporaryDirectory } from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { assemble } from './assemble.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const VARIABLES = {
  PUBLIC_LISTEN: '21000',
  METRICS_HOST_PORT: '21001',
  PROMETHEUS_PORT: '21002',
  PORT: '21003',
  METRICS_PORT: '21004',
  NGINX_STATUS_PORT: '21005',
  NGINX_EXPORTER_PORT: '21006',
  PROMETHEUS_OWN_PORT: '21007',
  PAGE: '/page',
};

function built(t: TestContext, variables: NodeJS.Dict<string> = {}): string {
  const packages = temporaryDirectory(t);
  mkdirSync(join(packages, 'node_modules/express'), { recursive: true });
  writeFileSync(join(packages, 'node_modules/express/package.json'), '{}');
  const target = join(temporaryDirectory(t), 'build');
  assemble(ROOT, target, packages, { ...VARIABLES, ...variables });
  return target;
}

const programs = (target: string) => globSync('*', { cwd: join(target, 'supervisor/programs') }).sort();

test('only the public port listens beyond loopback', (t) => {
  const mode = readFileSync(join(built(t), 'mode.conf'), 'utf8');
  const listens = [...mode.matchAll(/^\s*listen (.*);$/gm)].map(([, address]) => address);
  assert.deepEqual(listens, ['21000', '127.0.0.1:21001', '127.0.0.1:21002', '127.0.0.1:21005']);
});

test('no configuration has a variable without a value', (t) => {
  const target = built(t, { PROMETHEUS: '/usr/bin/prometheus', SCRAPE_WORKERS: '1' });
  const files = globSync('{mode.conf,nginx/**/*.conf,prometheus/scrape/*.yml}', { cwd: target });
  assert.ok(files.length > 10, String(files));
  for (const file of files) {
    const text = readFileSync(join(target, file), 'utf8').replace(/^\s*#.*$/gm, '');
    assert.doesNotMatch(text, /\$\{[A-Z]|\bapp:90/, file);
  }
});

test('supervisord runs the exporter and Prometheus only where they are installed', (t) => {
  assert.deepEqual(programs(built(t)), ['app.conf', 'nginx.conf']);
  const all = { NGINX_EXPORTER: '/usr/bin/exporter', PROMETHEUS: '/usr/bin/prometheus' };
  assert.deepEqual(programs(built(t, all)), [
    'app.conf',
    'nginx-exporter.conf',
    'nginx.conf',
    'prometheus.conf',
  ]);
});

test('Prometheus has the same jobs as in containers, and each worker with SCRAPE_WORKERS=1', (t) => {
  const jobs = (file: string) =>
    parse(readFileSync(file, 'utf8')).scrape_configs.map(({ job_name }: { job_name: string }) => job_name);
  const target = built(t, { SCRAPE_WORKERS: '1' });
  assert.deepEqual(
    jobs(join(target, 'prometheus/scrape/jobs.yml')),
    jobs(join(ROOT, 'prometheus/jobs/compose.yml')),
  );
  const workers = readFileSync(join(target, 'prometheus/scrape/workers.yml'), 'utf8');
  assert.match(workers, /url: http:\/\/127\.0\.0\.1:21004\/targets/);
});

test('the build contains its packages, and links to nothing outside', (t) => {
  const target = built(t);
  assert.ok(statSync(join(target, 'node_modules/express/package.json')).isFile());
  const links = globSync('**/*', { cwd: target, withFileTypes: true }).filter((entry) =>
    entry.isSymbolicLink(),
  );
  assert.deepEqual(links, []);
});

test('nginx has the page of runbooks, to which alerts link', (t) => {
  const page = readFileSync(join(built(t), 'nginx/page/runbooks.html'), 'utf8');
  assert.match(page, /<h3 id="targetdown">TargetDown<\/h3>/);
});
