import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { containerLog, docker } from '../../kit/test-kit/docker.ts';
import type { Status } from '../../packages/cluster-runtime/src/core/status.ts';
import { ComposeProject, ROOT } from './compose-project.ts';
import { LogFollower } from './log-follower.ts';
import { parseProcesses, type StackProcess } from './processes.ts';
import { readStatus, settled } from './settled.ts';
import {
  type Following,
  type LoggedService,
  listSlotFiles,
  type Signal,
  type Stack,
  type StackOptions,
  WORKERS,
} from './stack.ts';

const run = promisify(execFile);
const SHARING_OFF_FILE = 'e2e/fixtures/sharing-off.compose.yml';
const SMALL_DIRECTORY_FILE = 'e2e/fixtures/small-directory.compose.yml';
const LOAD_LIMITS_FILE = 'kit/test-kit/load-limits.compose.yml';

export type Service = 'app' | 'nginx' | 'nginx-exporter' | 'prometheus';

export interface ComposeStackOptions extends StackOptions {
  /** Compose files that override the first one. */
  readonly overrides?: readonly string[];
  /** Variables of the compose file. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The stack as containers of a compose project. */
export class ComposeStack extends ComposeProject implements Stack {
  publicUrl = '';
  metricsUrl = '';
  prometheusUrl = '';

  private constructor({
    sharing,
    limits = 'load',
    smallDirectory = false,
    overrides = [],
    environment,
  }: ComposeStackOptions) {
    super(
      'stack',
      [
        ...(sharing ? [] : [SHARING_OFF_FILE]),
        ...(limits === 'load' ? [LOAD_LIMITS_FILE] : []),
        ...(smallDirectory ? [SMALL_DIRECTORY_FILE] : []),
        ...overrides,
      ],
      {
        WORKERS: String(WORKERS),
        DEMO_CONTROLS: '1',
        // Off, because on a busy machine shed requests would fail tests of other things.
        MAX_WAIT_MS: '0',
        // Off, whatever the .env of the checkout sets.
        REMOTE_WRITE_URL: '',
        PROMETHEUS_AGENT: '',
        IMAGE_TAG: process.env.IMAGE_TAG ?? '',
        ...environment,
      },
    );
  }

  static async start(options: ComposeStackOptions): Promise<ComposeStack> {
    const stack = new ComposeStack(options);
    await stack.up();
    return stack;
  }

  protected override async started(): Promise<void> {
    await this.settle();
  }

  get scriptEnvironment(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.variables, COMPOSE_PROJECT_NAME: this.project };
  }

  async script(name: 'reload' | 'scale', ...args: string[]): Promise<string> {
    const { stdout } = await run(resolve(ROOT, 'scripts', name), args, { env: this.scriptEnvironment });
    return stdout;
  }

  /** Runs scripts/deploy. Afterwards the app is another container, and published ports are the same. */
  async deploy(environment: Readonly<Record<string, string>> = {}): Promise<string> {
    const env = { ...this.scriptEnvironment, COMPOSE_FILE: this.composeFile, ...environment };
    const { stdout } = await run(resolve(ROOT, 'scripts/deploy'), { env });
    return stdout;
  }

  async restartApp(): Promise<void> {
    await this.exec('app', 'supervisorctl', 'restart', 'app');
  }

  /** Start time of the container. It shows a restart of the container even if the pids are the same. */
  async startedAt(service: Service): Promise<string> {
    const format = ['--format', '{{.State.StartedAt}}'];
    return (await docker(['inspect', ...format, await this.containerId(service)])).trim();
  }

  /** The container of the app ends with supervisord. */
  supervisordRun(): Promise<string> {
    return this.startedAt('app');
  }

  async signal(signal: Signal, pid: number): Promise<void> {
    await this.exec('app', 'sh', '-c', 'kill -s "$1" "$2"', 'kill', signal, String(pid));
  }

  status(): Promise<Status> {
    return readStatus(this);
  }

  shell(script: string): Promise<string> {
    return this.exec('app', 'sh', '-c', script);
  }

  /** The processes of the app's container. */
  async processes(): Promise<StackProcess[]> {
    // `|| true`, because a process may end between the listing and the reading.
    return parseProcesses(await this.shell('cat /proc/[0-9]*/stat 2>/dev/null || true'));
  }

  slotFiles(): Promise<string[]> {
    return listSlotFiles(this);
  }

  nginxStatus(): Promise<string> {
    return this.exec('nginx', 'curl', '-fsS', 'http://nginx-monitoring:8043/stub_status');
  }

  async log(service: LoggedService): Promise<string> {
    return containerLog(await this.containerId(service));
  }

  async followLog(service: LoggedService, onLine: (line: string) => void): Promise<Following> {
    return new LogFollower(await this.containerId(service), ({ text }) => onLine(text), new Date());
  }

  /** Reads the published ports again, because they change when a container is started or recreated. */
  async settle(): Promise<Status> {
    this.publicUrl = await this.published('nginx', 8040);
    this.metricsUrl = await this.published('nginx', 9040);
    this.prometheusUrl = await this.published('nginx', 9090);
    return settled(this);
  }
}
