import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Addresses, Target } from './target.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args, { cwd: ROOT })).stdout.trim();
}

/** The stack of a compose project. */
export class ComposeTarget implements Target {
  readonly name: string;
  readonly upArguments = ['--detach'];
  readonly #ofProject: string;

  constructor(project: string) {
    this.name = project;
    this.#ofProject = `label=com.docker.compose.project=${project}`;
  }

  /** Docker is asked for the ports, because another stack may listen on the configured ones. */
  async addresses(): Promise<Addresses | undefined> {
    const at = async (service: string, port: number): Promise<string> => {
      const published = await this.#compose('port', service, String(port));
      const [, host] = /:([1-9]\d*)$/.exec(published) ?? [];
      if (host === undefined) throw new Error(`${service} is not running`);
      return `http://127.0.0.1:${host}`;
    };
    try {
      // nginx publishes the port of Prometheus even if Prometheus does not run.
      if ((await this.#compose('ps', '--quiet', '--status', 'running', 'prometheus')) === '')
        return undefined;
      return {
        app: await at('nginx', 8040),
        metrics: await at('nginx', 9040),
        prometheus: await at('nginx', 9090),
      };
    } catch (error) {
      const { message, stderr } = error as { message: string; stderr?: string };
      if (/no container|not running/i.test(stderr ?? message)) return undefined;
      throw error;
    }
  }

  async requireNothing(problem: string): Promise<void> {
    if ((await docker('ps', '--all', '--quiet', '--filter', this.#ofProject)) === '') return;
    throw new Error(
      `${this.name} has containers, but ${problem}: see docker compose ps, or stop it with scripts/down`,
    );
  }

  async downArguments(): Promise<readonly string[]> {
    const volumes = await docker('volume', 'ls', '--quiet', '--filter', this.#ofProject);
    return volumes === '' ? ['--volumes'] : [];
  }

  async kill(pid: number): Promise<void> {
    await this.#compose('exec', '--no-TTY', 'app', 'sh', '-c', 'kill -s KILL "$1"', 'kill', String(pid));
  }

  #compose(...args: string[]): Promise<string> {
    return docker('compose', '--project-name', this.name, ...args);
  }
}
