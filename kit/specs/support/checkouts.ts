import { type ChildProcess, execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { composeContainers } from '../../../e2e/support/containers.ts';
import { projectPrefix } from '../../../e2e/support/run-id.ts';
import {
  temporaryDirectory,
  thisProcess,
} from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { docker, removeProject } from '../../test-kit/docker.ts';
import { createUpstream, git } from '../../test-kit/upstream.ts';

const COMMAND_TIMEOUT_MS = 10 * 60_000;

export interface Ended {
  readonly code: number | string | null;
  readonly output: string;
}

let made = 0;

/** Environment for the scripts of a clone: a separate project with free ports and two workers. */
export const environmentOf = (project: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PUBLIC_PORT: '0',
  METRICS_HOST_PORT: '0',
  PROMETHEUS_PORT: '0',
  WORKERS: '2',
  // Disables load shedding, which a busy machine would trigger.
  MAX_WAIT_MS: '0',
  COMPOSE_PROJECT_NAME: project,
});

/** Clones of this checkout, including uncommitted changes, with their own stacks and images. `remove` removes all of them. */
export class Checkouts {
  readonly #directory = temporaryDirectory(thisProcess);
  readonly project: string;
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    made += 1;
    this.project = `${projectPrefix}-${process.pid}-checkout-${made}`;
    this.env = {
      ...environmentOf(this.project),
      IMAGE_TAG: this.project,
      // Failed builds print their log.
      BUILDKIT_PROGRESS: 'plain',
    };
    createUpstream(this.path('upstream'));
  }

  path(...parts: string[]): string {
    return join(this.#directory, ...parts);
  }

  clone(name: string, ...options: string[]): string {
    git(this.#directory, ...options, 'clone', '--quiet', 'upstream', name);
    return this.path(name);
  }

  /** Runs a script of a clone; resolves when it has exited. */
  run(
    clone: string,
    script: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Ended> {
    return this.start(clone, script, args, env).ended;
  }

  start(
    clone: string,
    script: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const options = { cwd: clone, env: { ...this.env, ...env }, timeout: COMMAND_TIMEOUT_MS };
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const child = execFile(join(clone, script), args, options, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? null) : 0, output: stdout + stderr });
    });
    return { child, ended: promise };
  }

  /** Clones, and starts the stack of the clone. */
  async cloneAndStart(name: string): Promise<{ readonly clone: string; readonly output: string }> {
    const clone = this.clone(name);
    const { code, output } = await this.run(clone, 'scripts/up', ['--detach']);
    expect(code, output).toBe(0);
    return { clone, output };
  }

  /** Changes a file of a clone. Returns a function that restores it. */
  edit(clone: string, path: string, change: (text: string) => string): () => void {
    const file = join(clone, path);
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, change(before));
    return () => writeFileSync(file, before);
  }

  compose(clone: string, ...args: string[]): Promise<string> {
    return docker(['compose', '--project-directory', clone, ...args], this.env, COMMAND_TIMEOUT_MS);
  }

  /** Returns the ids of the running containers of a project, by name. */
  async containers(project: string = this.project): Promise<Record<string, string>> {
    const running = (await composeContainers(project)).filter(({ isRunning }) => isRunning);
    return Object.fromEntries(running.map(({ name, id }) => [name, id]));
  }

  /** Returns the published host ports of a project. */
  async ports(project: string = this.project): Promise<string[]> {
    const filter = `label=com.docker.compose.project=${project}`;
    const listed = await docker(['ps', '--filter', filter, '--format', '{{.Ports}}']);
    return [...listed.matchAll(/:(\d+)->/g)].map(([, port]) => port!);
  }

  /** Returns the host port that a port of a service has. */
  async publishedPort(service: string, port: number): Promise<string> {
    const filter = `label=com.docker.compose.service=${service}`;
    const project = `label=com.docker.compose.project=${this.project}`;
    const listed = await docker(['ps', '--filter', project, '--filter', filter, '--format', '{{.Ports}}']);
    const [, published] = new RegExp(`:(\\d+)->${port}/tcp`).exec(listed) ?? [];
    if (published === undefined) throw new Error(`${service} does not publish ${port}: ${listed}`);
    return published;
  }

  /** Returns the images with a tag. */
  async images(tag: string = this.project): Promise<string[]> {
    const listed = await docker(['images', '--format', '{{.Repository}}:{{.Tag}}']);
    return listed
      .split('\n')
      .filter((name) => name.endsWith(`:${tag}`))
      .sort();
  }

  async remove(): Promise<void> {
    for (const project of [this.project, `${this.project}-trial`]) {
      removeProject(project);
      const images = await this.images(project);
      if (images.length > 0) await docker(['image', 'rm', ...images]);
    }
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 20 });
  }
}
