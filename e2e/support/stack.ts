import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { docker } from '../../kit/test-kit/docker.ts';
import { getText } from '../../kit/test-kit/scrape.ts';
import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { ComposeProject, ROOT } from './compose-project.ts';
import { type ContainerProcess, parseProcesses } from './processes.ts';

const run = promisify(execFile);
const SHARING_OFF_FILE = 'e2e/fixtures/sharing-off.compose.yml';
const LOAD_LIMITS_FILE = 'kit/test-kit/load-limits.compose.yml';
export const WORKERS = 4;
/** A healthy stack answers in milliseconds; this only ends a hang. */
const ANSWER_TIMEOUT_MS = 20_000;
const SETTLE_DEADLINE_MS = 180_000;

export type Service = 'app' | 'nginx' | 'nginx-exporter' | 'prometheus';

export interface StackOptions {
  /** False runs the app without its shared directory: the measurements must then turn red. */
  readonly sharing: boolean;
  /**
   * What one client gets of nginx: as it is shipped, or all of it. The load of a test comes from one address, so that is what a
   * test has unless it says otherwise.
   */
  readonly limits?: 'shipped' | 'load';
  /** Further compose files, which change what the first says. */
  readonly overrides?: readonly string[];
  /** Values for the variables of the compose file. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** All of the compose file, with four workers that are ready. */
export class Stack extends ComposeProject {
  publicUrl = '';
  metricsUrl = '';
  prometheusUrl = '';

  private constructor({ sharing, limits = 'load', overrides = [], environment }: StackOptions) {
    super(
      'stack',
      [
        ...(sharing ? [] : [SHARING_OFF_FILE]),
        ...(limits === 'load' ? [LOAD_LIMITS_FILE] : []),
        ...overrides,
      ],
      {
        WORKERS: String(WORKERS),
        DEMO_CONTROLS: '1',
        // On a machine that is busy otherwise the app would turn requests away, and tests would fail that are not about that.
        MAX_WAIT_MS: '0',
        // What a test counts goes to nobody, whatever the checkout's .env says.
        REMOTE_WRITE_URL: '',
        IMAGE_TAG: process.env.IMAGE_TAG ?? '',
        ...environment,
      },
    );
  }

  static async start(options: StackOptions): Promise<Stack> {
    const stack = new Stack(options);
    await stack.up();
    return stack;
  }

  protected override async started(): Promise<void> {
    await this.settle();
  }

  /** A script of scripts/, on this stack. It rejects with what it said where it fails. */
  async script(name: 'reload' | 'scale', ...args: string[]): Promise<string> {
    const { stdout } = await run(resolve(ROOT, 'scripts', name), args, {
      env: { ...process.env, ...this.variables, COMPOSE_PROJECT_NAME: this.project },
    });
    return stdout;
  }

  /** Changes when the engine starts the container again: pids alone may then be the same as before. */
  async startedAt(service: Service): Promise<string> {
    const format = ['--format', '{{.State.StartedAt}}'];
    return (await docker(['inspect', ...format, await this.containerId(service)])).trim();
  }

  async signal(signal: 'KILL' | 'STOP' | 'CONT' | 'HUP' | 'TTIN' | 'TTOU', pid: number): Promise<void> {
    await this.exec('app', 'sh', '-c', 'kill -s "$1" "$2"', 'kill', signal, String(pid));
  }

  async status(): Promise<Status> {
    return JSON.parse(await getText(`${this.metricsUrl}/status`, ANSWER_TIMEOUT_MS)) as Status;
  }

  async processes(): Promise<ContainerProcess[]> {
    // A process that ends between the listing and its reading is not there: that is no error.
    return parseProcesses(await this.exec('app', 'sh', '-c', 'cat /proc/[0-9]*/stat 2>/dev/null || true'));
  }

  /** What the shared directory holds; nothing where sharing is off. */
  async slotFiles(): Promise<string[]> {
    const list = 'if [ -n "$PROMETHEUS_MULTIPROC_DIR" ]; then ls -1A "$PROMETHEUS_MULTIPROC_DIR"; fi';
    const names = await this.exec('app', 'sh', '-c', list);
    return names.split('\n').filter((name) => name !== '');
  }

  /**
   * Waits until all workers are ready and requests are answered. A container that was created or started anew has other
   * published ports: they are read again.
   */
  async settle(): Promise<Status> {
    this.publicUrl = await this.published('nginx', 8040);
    this.metricsUrl = await this.published('nginx', 9040);
    this.prometheusUrl = await this.published('nginx', 9090);
    return poll(
      `${WORKERS} ready workers`,
      async () => {
        const status = await this.status();
        const ready = status.workers.filter((worker) => worker.state === 'ready');
        if (ready.length !== WORKERS || status.workers.length !== WORKERS) {
          throw new Error(JSON.stringify(status));
        }
        await getText(`${this.publicUrl}/readyz`, ANSWER_TIMEOUT_MS);
        return status;
      },
      { deadlineMs: SETTLE_DEADLINE_MS },
    );
  }
}
