/** Packs the package with npm and installs it into an empty project. */
import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory, thisProcess } from '../test/support/temporary-directory.ts';

const run = promisify(execFile);

const PACKAGE = join(import.meta.dirname, '..');
const REPOSITORY = join(PACKAGE, '../..');
const CONSUMERS = join(import.meta.dirname, 'consumers');

export interface Packed {
  readonly tarball: string;
  /** Directory that was packed. */
  readonly source: string;
}

/** Packs a copy of the package: other tests use the original, and npm changes it while it packs. */
export function pack(): Packed {
  // This directory stands beside the consumer projects, not above them: Node would find its node_modules.
  const root = join(workDirectory(), 'repository');
  const source = join(root, relative(REPOSITORY, PACKAGE));
  cpSync(PACKAGE, source, { recursive: true, filter: (path) => !/\/(dist|node_modules)$/.test(path) });
  cpSync(join(REPOSITORY, 'tsconfig.json'), join(root, 'tsconfig.json'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  return packAgain({ source });
}

export function packAgain({ source }: { source: string }): Packed {
  const root = newDirectory('packed-');
  npm(['pack', '--pack-destination', root], source);
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  return { tarball: join(root, `prom-multiproc-${version}.tgz`), source };
}

export const CLIENTS = ['prom-client', '@prometheus-io/client'] as const;

export type Client = (typeof CLIENTS)[number];

/** Installs the package and a client into an empty project, from npm's cache or the registry. */
export function installInto(project: string, tarball: string, client: Client, ...options: string[]): void {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  const { devDependencies } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  const types = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).devDependencies;
  npm(
    [
      ...['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...options, tarball],
      `${client}@${devDependencies[client]}`,
      `@types/node@${types['@types/node']}`,
    ],
    project,
  );
  for (const name of readdirSync(CONSUMERS)) {
    const text = readFileSync(join(CONSUMERS, name), 'utf8');
    writeFileSync(join(project, name), text.replaceAll(`'${CLIENTS[0]}'`, `'${client}'`));
  }
}

/** Returns a Node of this major version: the running one, or one from the registry, kept in .tools/. */
export function nodeOf(major: string): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const directory = join(REPOSITORY, '.tools', `node-${major}`);
  const node = join(directory, 'node_modules/.bin/node');
  if (!existsSync(node)) {
    const packageName = `node-${process.platform}-${process.arch}`;
    npm(
      [
        'install',
        '--prefix',
        directory,
        '--no-save',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        `${packageName}@${major}`,
      ],
      REPOSITORY,
    );
  }
  return node;
}

/** Runs the command with this Node first on the PATH. @throws Error with the output if the command fails */
export async function output(
  node: string,
  [command, ...args]: readonly [string, ...string[]],
  cwd: string,
  variables: Record<string, string | undefined> = {},
): Promise<{ stdout: string; stderr: string }> {
  const PATH = `${dirname(node)}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH, PROMETHEUS_MULTIPROC_DIR: undefined, ...variables };
  return run(command, args, { cwd, env, timeout: 240_000, killSignal: 'SIGKILL' });
}

let directory: string | undefined;

/** Returns the temporary directory of this process. */
export function workDirectory(): string {
  directory ??= temporaryDirectory(thisProcess);
  return directory;
}

/** Creates a directory in `workDirectory()`. */
export const newDirectory = (name: string): string =>
  temporaryDirectory(thisProcess, { under: workDirectory(), name });

/** npm fails within seconds, not minutes, if the registry is unreachable. */
const FETCH_RETRY = { npm_config_fetch_retry_mintimeout: '500', npm_config_fetch_retry_maxtimeout: '2000' };

export function npm(args: string[], cwd: string): string {
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  try {
    return execFileSync('npm', args, {
      cwd,
      env: { ...process.env, ...FETCH_RETRY, PATH },
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 240_000,
    });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(
      `npm ${args[0]} failed in ${cwd}; check that the npm registry is reachable, or that the cache has the packages\n${stderr || message}`,
      { cause: error },
    );
  }
}
