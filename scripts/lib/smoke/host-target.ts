import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Addresses, Target } from './target.ts';

/** The stack without containers in a directory. */
export class HostTarget implements Target {
  readonly name: string;
  readonly upArguments = ['--host', '--detach'];

  constructor(directory: string) {
    this.name = directory;
  }

  async addresses(): Promise<Addresses | undefined> {
    const variables = join(this.name, 'stack.env');
    if (!existsSync(variables)) return undefined;
    const { RUN_DIRECTORY, PUBLIC_PORT, METRICS_HOST_PORT, PROMETHEUS_PORT, PROMETHEUS } = parseEnv(
      readFileSync(variables, 'utf8'),
    );
    if (!runs(join(RUN_DIRECTORY!, 'main.pid'))) return undefined;
    return {
      app: `http://127.0.0.1:${PUBLIC_PORT}`,
      metrics: `http://127.0.0.1:${METRICS_HOST_PORT}`,
      prometheus: PROMETHEUS ? `http://127.0.0.1:${PROMETHEUS_PORT}` : undefined,
    };
  }

  async requireNothing(problem: string): Promise<void> {
    if ((await this.addresses()) === undefined) return;
    throw new Error(
      `the stack in ${this.name} runs, but ${problem}: see its logs, or stop it with scripts/down`,
    );
  }

  async downArguments(): Promise<readonly string[]> {
    return existsSync(this.name) ? [] : ['--volumes'];
  }

  async kill(pid: number): Promise<void> {
    process.kill(pid, 'SIGKILL');
  }
}

/** Whether the process runs whose pid is in the file. */
function runs(pidFile: string): boolean {
  try {
    return process.kill(Number(readFileSync(pidFile, 'utf8')), 0);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM') return true;
    if (code === 'ENOENT' || code === 'ESRCH') return false;
    throw error;
  }
}
