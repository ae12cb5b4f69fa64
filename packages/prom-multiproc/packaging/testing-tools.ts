/** Runs package managers, bundlers and test runners in the versions of tools/package.json. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sample } from '../test/support/sample.ts';
import { newDirectory, npm, output, type Packed, workDirectory } from './testing-package.ts';

const TOOLS = join(import.meta.dirname, 'tools');
const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/guides/install.md'), 'utf8');

const MANIFEST = JSON.parse(readFileSync(join(TOOLS, 'package.json'), 'utf8'));

const NEXT_PACKAGES = ['next', 'prom-client', 'react', 'react-dom'];

/** Creates a project with the package and Next.js, or with the package and all other tools. */
export function installTools({ tarball }: Packed, which: 'next' | 'others'): string {
  const project = join(workDirectory(), 'tools');
  cpSync(TOOLS, project, { recursive: true });
  const dependencies = Object.fromEntries(
    Object.entries(MANIFEST.dependencies).filter(
      ([name]) => name === 'prom-client' || NEXT_PACKAGES.includes(name) === (which === 'next'),
    ),
  );
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  npm(['install', ...options, '--save-exact', tarball], project);
  return project;
}

/** Creates a project without node_modules, for another package manager to install. */
export function emptyProject(name: string, { tarball }: Packed): string {
  const project = join(workDirectory(), name);
  mkdirSync(project);
  const dependencies = {
    'prom-client': MANIFEST.dependencies['prom-client'],
    'prom-multiproc': `file:${tarball}`,
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  for (const file of ['two-workers.mjs', 'build.mjs']) cpSync(join(TOOLS, file), join(project, file));
  return project;
}

/** Copies the directory to a place without node_modules above it. */
export function moveAway(directory: string): string {
  const away = join(newDirectory('away-'), basename(directory));
  cpSync(directory, away, { recursive: true, verbatimSymlinks: true });
  return away;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with a new metrics directory and separate caches; returns output and exit status. */
export async function outcome(
  args: readonly string[],
  cwd: string,
  variables: Record<string, string | undefined> = {},
): Promise<Outcome> {
  const slots = newDirectory('slots-');
  const command = [process.execPath, ...args] as const;
  const env = { PROMETHEUS_MULTIPROC_DIR: slots, ...cachesOfTools(), ...variables };
  try {
    return { code: 0, ...(await output(process.execPath, command, cwd, env)) };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}

/** Asserts that the application printed this total and no warning. */
export function assertCounted(
  { code, stdout, stderr }: Outcome,
  name = 'requests_total',
  total = 2000,
): void {
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(stderr, /PromMultiproc/);
  assert.equal(sample(stdout, name), total, stdout + stderr);
}

export async function succeed(args: readonly string[], cwd: string, env = {}): Promise<Outcome> {
  const done = await outcome(args, cwd, env);
  assert.equal(done.code, 0, `${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done;
}

/** Returns the code blocks of one language in a section of docs/guides/install.md. */
export function snippets(section: string, language: string): string[] {
  const text = PAGE.split(/^## /m).find((one) => one.startsWith(section));
  assert.ok(text !== undefined, `docs/guides/install.md has a section ${section}`);
  return [...text.matchAll(/```(\w+)\n(.*?)```/gs)]
    .filter(([, of]) => of === language)
    .map(([, , code]) => code!);
}

let registry: string | undefined;

/** Settings that give all tools npm's registry and certificates, and caches outside the home directory. */
function cachesOfTools(): Record<string, string> {
  registry ??= npm(['config', 'get', 'registry'], workDirectory()).trim();
  const certificates = process.env.NODE_EXTRA_CA_CERTS;
  return {
    npm_config_registry: registry,
    pnpm_config_registry: registry,
    npm_config_store_dir: join(workDirectory(), 'pnpm-store'),
    pnpm_config_store_dir: join(workDirectory(), 'pnpm-store'),
    YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, ''),
    ...(certificates ? { YARN_HTTPS_CA_FILE_PATH: certificates } : {}),
    YARN_GLOBAL_FOLDER: join(workDirectory(), 'yarn'),
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    NEXT_TELEMETRY_DISABLED: '1',
  };
}
