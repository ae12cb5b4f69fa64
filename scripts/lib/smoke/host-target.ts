import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Addresses, Target } from './target.ts';

/** The stack without containers in a directory. `runs` is what scripts/smoke found. */
export class HostTarget implements Target {
  readonly name: string;
  readonly upArguments = ['--host', '--detach'];
  readonly #wasThere: boolean;
  #runs: boolean;

  constructor(directory: string, runs: boolean) {
    this.name = directory;
    this.#runs = runs;
    this.#wasThere = existsSync(directory);
  }

  async addresses(): Promise<Addresses | undefined> {
    if (!this.#runs) return undefined;
    const { PUBLIC_PORT, METRICS_HOST_PORT, PROMETHEUS_PORT, PROMETHEUS } = parseEnv(
      readFileSync(join(this.name, 'stack.env'), 'utf8'),
    );
    return {
      app: `http://127.0.0.1:${PUBLIC_PORT}`,
      metrics: `http://127.0.0.1:${METRICS_HOST_PORT}`,
      prometheus: PROMETHEUS ? `http://127.0.0.1:${PROMETHEUS_PORT}` : undefined,
    };
  }

  async requireNothing(problem: string): Promise<void> {
    if (this.#runs)
      throw new Error(
        `the stack in ${this.name} runs, but ${problem}: see its logs, or stop it with scripts/down`,
      );
    // The caller starts it next.
    this.#runs = true;
  }

  async downArguments(): Promise<readonly string[]> {
    return this.#wasThere ? [] : ['--volumes'];
  }

  async kill(pid: number): Promise<void> {
    process.kill(pid, 'SIGKILL');
  }
}
