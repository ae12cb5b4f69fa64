import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../../e2e/support/compose-project.ts';
import { projectPrefix } from '../../../../e2e/support/run-id.ts';
import { docker, removeProject } from '../../../test-kit/docker.ts';

const COMPOSE_FILE = join(import.meta.dirname, '../peers/compose.yml');

/** Apps in kit/bench/stack/peers. */
export type PeerApp = 'bare.mjs' | 'prom-client.mjs';

/** A stack of kit/bench/stack/peers: nginx in front of a cluster with 2 workers. */
export class PeerStack {
  readonly project: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #removeOnExit = (): void => removeProject(this.project);

  constructor(name: string, app: PeerApp) {
    this.project = `${projectPrefix}-${process.pid}-peer-${name}`;
    this.#env = {
      ...process.env,
      PEER_APP: app,
      NODE_IMAGE: baseImage('NODE_BASE', 'demo-app/Dockerfile'),
      NGINX_IMAGE: baseImage('NGINX_BASE', 'nginx/Dockerfile'),
    };
  }

  async up(): Promise<void> {
    process.once('exit', this.#removeOnExit);
    await this.#compose('up', '--detach', '--wait');
  }

  down(): void {
    removeProject(this.project);
    process.removeListener('exit', this.#removeOnExit);
  }

  async containerId(service: string): Promise<string> {
    return (await this.#compose('ps', '--quiet', service)).trim();
  }

  async publicUrl(): Promise<string> {
    return `http://${(await this.#compose('port', 'nginx', '8040')).trim()}`;
  }

  #compose(...args: string[]): Promise<string> {
    return docker(['compose', '--project-name', this.project, '--file', COMPOSE_FILE, ...args], this.#env);
  }
}

/** Returns the base image that .ci/base-images chose, or the official one, which the Dockerfile names. */
export function baseImage(variable: string, dockerfile: string): string {
  const chosen = process.env[variable];
  if (chosen !== undefined && chosen !== 'official') return chosen;
  const [, official] = /^FROM (\S+) AS official$/m.exec(readFileSync(join(ROOT, dockerfile), 'utf8')) ?? [];
  if (official === undefined) throw new Error(`${dockerfile} names no official base image`);
  return official;
}
