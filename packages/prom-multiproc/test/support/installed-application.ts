/** An application in its own directory, with the clients and this library installed, and a dependency with its own prom-client. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';

const MODULES = join(import.meta.dirname, '../../../../node_modules');
const PACKAGE = join(import.meta.dirname, '../..');
export const PRELOAD = ['--import', join(import.meta.dirname, '../../src/register.ts')];

export interface InstalledApplication {
  readonly path: string;
  /** Runs a program to its end. `result` is its stdout parsed as JSON. */
  run<T = unknown>(
    source: string,
    options?: {
      readonly file?: string;
      readonly args?: readonly string[];
      readonly cwd?: string;
      readonly env?: Record<string, string>;
    },
  ): Promise<{ readonly result: T; readonly stderr: string }>;
}

/** Creates the application. `require('./other')` returns a copy of prom-client in `other/node_modules`. */
export function installedApplication(test: Cleanup): InstalledApplication {
  const path = realpathSync(temporaryDirectory(test));
  link(PACKAGE, join(path, 'node_modules/prom-multiproc'));
  for (const name of ['prom-client', '@prometheus-io/client'])
    link(join(MODULES, name), join(path, 'node_modules', name));
  copyClient(join(path, 'other/node_modules'));
  writeFileSync(join(path, 'other/index.js'), "module.exports = require('prom-client');\n");
  return {
    path,
    async run(source, { file = 'main.cjs', args = [], cwd = path, env = {} } = {}) {
      writeFileSync(join(path, file), source);
      const { PROMETHEUS_MULTIPROC_DIR: _, NODE_OPTIONS: __, ...own } = process.env;
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [...args, join(path, file)], {
        cwd,
        // Node warns of node:ffi, which these tests do not check.
        env: { ...own, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', ...env },
      });
      return { result: JSON.parse(stdout || 'null'), stderr };
    },
  };
}

/** Copies prom-client and links its dependencies. */
export function copyClient(modules: string): void {
  cpSync(join(MODULES, 'prom-client'), join(modules, 'prom-client'), { recursive: true, dereference: true });
  for (const name of ['tdigest', '@opentelemetry/api']) link(join(MODULES, name), join(modules, name));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}
