import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { build } from '../build.ts';
import { CompileError } from '../compile.ts';
import { fillIn } from './fill-in.ts';
import { settingsOf } from './settings.ts';

const EXECUTABLE = 0o755;
const READABLE = 0o644;

interface Variables extends NodeJS.Dict<string> {}

/**
 * Writes a build to `target`: the application as JavaScript with its packages, and the configuration of nginx, Prometheus and
 * supervisord for a host without containers.
 *
 * @param packages contains node_modules without development packages
 * @param variables of stack.env
 */
export function assemble(root: string, target: string, packages: string, variables: Variables): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  build(root, target);
  copyPackages(packages, target);
  copyPrograms(root, target, variables);
  copyNginx(root, join(target, 'nginx'), variables);
  copyPrometheus(root, join(target, 'prometheus'), variables);
}

/** The build's own links would lead to the checkout, which the user of the stack may not be able to read. */
function copyPackages(packages: string, target: string): void {
  for (const path of ['', 'demo-app', 'packages/cluster-runtime', 'packages/prom-multiproc']) {
    const modules = join(target, path, 'node_modules');
    rmSync(modules, { recursive: true, force: true });
    const from = join(packages, path, 'node_modules');
    if (existsSync(from)) cpSync(from, modules, { recursive: true, verbatimSymlinks: true });
  }
}

/** Adds to app.conf the programs that containers of their own run otherwise. */
function copyPrograms(root: string, target: string, variables: Variables): void {
  const programs = ['nginx'];
  if (variables.NGINX_EXPORTER) programs.push('nginx-exporter');
  if (variables.PROMETHEUS) programs.push('prometheus');
  for (const program of programs) {
    const text = read(join(root, 'supervisor/host', `${program}.conf`));
    write(join(target, 'supervisor/programs', `${program}.conf`), text);
  }
}

function copyNginx(root: string, target: string, variables: Variables): void {
  const source = join(root, 'nginx');
  for (const file of readdirSync(source)) {
    if (/\.(conf|awk)$/.test(file) && !/^(compose|host|swarm)\.conf$/.test(file))
      write(join(target, file), read(join(source, file)));
  }
  write(join(target, 'run-nginx'), read(join(source, 'run-nginx')), EXECUTABLE);
  const mode = read(join(source, 'host.conf'));
  // Where nginx.conf includes it.
  write(join(target, '../mode.conf'), fillIn('nginx/host.conf', mode, variables));
  cpSync(join(source, 'page'), join(target, 'page'), { recursive: true });
  const runbooks = ['-f', join(source, 'runbooks.awk'), join(root, 'docs/reference/alerts.md')];
  write(join(target, 'page/runbooks.html'), execFileSync('awk', runbooks, { encoding: 'utf8' }));
}

function copyPrometheus(root: string, target: string, variables: Variables): void {
  const source = join(root, 'prometheus');
  for (const file of ['prometheus.yml', 'rules', 'remote-write'])
    cpSync(join(source, file), join(target, file), { recursive: true });
  write(join(target, 'run-prometheus'), read(join(source, 'run-prometheus')), EXECUTABLE);
  const jobs = read(join(source, 'jobs/host.yml'));
  write(join(target, 'scrape/jobs.yml'), fillIn('prometheus/jobs/host.yml', jobs, variables));
  if (variables.SCRAPE_WORKERS !== '1') return;
  const workers = read(join(source, 'scrape-workers/1/workers.yml'));
  write(
    join(target, 'scrape/workers.yml'),
    workers.replace('app:9041', `127.0.0.1:${variables.METRICS_PORT}`),
  );
}

/** A script with CRLF line endings, which the checkout may have, does not run. */
function read(file: string): string {
  return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
}

function write(file: string, text: string, mode: number = READABLE): void {
  mkdirSync(resolve(file, '..'), { recursive: true });
  writeFileSync(file, text, { mode });
}

/** `assemble.ts DIRECTORY BUILD PACKAGES`: reads stack.env in the directory of the stack, and writes settings.env and the build. */
if (import.meta.main) {
  const [directory = '', target = '', packages = ''] = process.argv.slice(2);
  const root = resolve(import.meta.dirname, '../../..');
  try {
    const settings = settingsOf(root, process.env);
    const variables = parseEnv(readFileSync(join(directory, 'stack.env'), 'utf8') + settings);
    assemble(root, target, packages, variables);
    writeFileSync(join(target, 'settings.env'), settings, { mode: 0o640 });
  } catch (error) {
    const { message, stack } = error as Error;
    console.error(`error: ${error instanceof CompileError ? message : stack}`);
    process.exitCode = 1;
  }
}
