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
/** Longest wait for an answer, in case the stack hangs. */
const ANSWER_TIMEOUT_MS = 20_000;
const SETTLE_DEADLINE_MS = 180_000;

export type Service = 'app' | 'nginx' | 'nginx-exporter' | 'prometheus';

export interface StackOptions {
  /** False runs the app without its shared directory. The measurements must then fail. */
  readonly sharing: boolean;
  /**
   * Limits of nginx for one client: `shipped`, or `load` (default), which lifts them, because the load of a test comes from one
   * address.
   */
  readonly limits?: 'shipped' | 'load';
  /** Compose files that override the first one. */
  readonly overrides?: readonly string[];
  /** Variables of the compose file. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The whole stack with four ready workers. */
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
        // Off, because on a busy machine shed requests would fail tests of other things.
        MAX_WAIT_MS: '0',
        // Off, whatever the .env of the checkout sets.
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

  /** Runs a script of scripts/ on this stack and returns its stdout. Rejects if the script fails. */
  async script(name: 'reload' | 'scale', ...args: string[]): Promise<string> {
    const { stdout } = await run(resolve(ROOT, 'scripts', name), args, {
      env: { ...process.env, ...this.variables, COMPOSE_PROJECT_NAME: this.project },
    });
    return stdout;
  }

  /** Start time of the container. It shows a restart of the container even if the pids are the same. */
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
    // `|| true`, because a process may end between the listing and the reading.
    return parseProcesses(await this.exec('app', 'sh', '-c', 'cat /proc/[0-9]*/stat 2>/dev/null || true'));
  }

  /** Returns the names of the files in the shared directory; none if sharing is off. */
  async slotFiles(): Promise<string[]> {
    const list = 'if [ -n "$PROMETHEUS_MULTIPROC_DIR" ]; then ls -1A "$PROMETHEUS_MULTIPROC_DIR"; fi';
    const names = await this.exec('app', 'sh', '-c', list);
    return names.split('\n').filter((name) => name !== '');
  }

  /**
   * Waits until all workers are ready and requests are answered. It reads the published ports again, because they change when a
   * container is started or recreated.
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
