import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait } from 'testcontainers';
import { docker, dockerClient, removeProject } from '../../kit/test-kit/docker.ts';
import { getText } from '../../kit/test-kit/scrape.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { type ContainerProcess, parseProcesses } from './processes.ts';
import { projectPrefix } from './run-id.ts';
import { StartupLog } from './startup-log.ts';
import { setUpTestcontainers } from './testcontainers-setup.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
const COMPOSE_FILE = 'docker-compose.yml';
const SHARING_OFF_FILE = 'e2e/fixtures/sharing-off.compose.yml';
const LOAD_LIMITS_FILE = 'kit/test-kit/load-limits.compose.yml';
export const WORKERS = 4;
/** A healthy stack answers in milliseconds; this only ends a hang. */
const ANSWER_TIMEOUT_MS = 20_000;
const SETTLE_DEADLINE_MS = 180_000;
const STARTUP_TIMEOUT_MS = 300_000;

export type Service = 'app' | 'nginx' | 'nginx-exporter' | 'prometheus';

export interface WorkerStatus {
  readonly pid: number;
  readonly id: number;
  readonly state: 'starting' | 'ready' | 'draining';
  readonly slot?: number;
}

/** How often it has begun and ended, and why the last one failed: empty where it did not. */
export interface OperationStatus {
  readonly begun: number;
  readonly ended: number;
  readonly error: string;
}

export interface AppStatus {
  readonly primary: { readonly pid: number };
  readonly workers: readonly WorkerStatus[];
  readonly workersWanted: number;
  readonly reloading: boolean;
  readonly reload: OperationStatus;
  readonly scale: OperationStatus;
}

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

let stacksStarted = 0;

/** The compose file of this checkout, built from this checkout, on ports of its own: it runs beside any other stack. */
export class Stack {
  publicUrl = '';
  doorUrl = '';
  prometheusUrl = '';
  readonly project: string;
  readonly #files: readonly string[];
  readonly #env: Record<string, string>;
  readonly #removeOnExit = (): void => removeProject(this.project);
  #started: StartedDockerComposeEnvironment | undefined;

  private constructor({ sharing, limits = 'load', overrides = [], environment }: StackOptions) {
    stacksStarted += 1;
    this.project = `${projectPrefix}-${process.pid}-${stacksStarted}`;
    this.#files = [
      COMPOSE_FILE,
      ...(sharing ? [] : [SHARING_OFF_FILE]),
      ...(limits === 'load' ? [LOAD_LIMITS_FILE] : []),
      ...overrides,
    ];
    this.#env = {
      PUBLIC_PORT: '0',
      METRICS_DOOR_PORT: '0',
      PROMETHEUS_PORT: '0',
      WORKERS: String(WORKERS),
      DEMO_CONTROLS: '1',
      // On a machine that is busy otherwise the app would turn requests away, and tests would fail that are not about that.
      MAX_WAIT_MS: '0',
      // What a test counts goes to nobody, whatever the checkout's .env says.
      REMOTE_WRITE_URL: '',
      IMAGE_TAG: process.env.IMAGE_TAG ?? '',
      ...environment,
    };
  }

  static async start(options: StackOptions): Promise<Stack> {
    await setUpTestcontainers();
    const stack = new Stack(options);
    await stack.#up();
    return stack;
  }

  async #up(): Promise<void> {
    // Ends without a teardown (a signal, a crash) leave nothing running either.
    process.once('exit', this.#removeOnExit);
    const log = new StartupLog(this.project);
    try {
      this.#started = await new DockerComposeEnvironment(ROOT, [...this.#files])
        .withProjectName(this.project)
        .withEnvironment(this.#env)
        .withClientOptions({ executable: { executablePath: dockerClient } })
        .withAutoCleanup(process.env.TESTCONTAINERS_RYUK_DISABLED !== 'true')
        .withBuild()
        .withDefaultWaitStrategy(Wait.forHealthCheck())
        // It has no shell to look at its health from.
        .withWaitStrategy('nginx-exporter-1', Wait.forLogMessage(/Listening on/))
        .withStartupTimeout(STARTUP_TIMEOUT_MS)
        .up();
      await this.settle();
    } catch (error) {
      console.error(`e2e: the stack did not come up; the last it said:\n${log.close()}`);
      await this.down();
      throw error;
    } finally {
      log.close();
    }
  }

  async down(): Promise<void> {
    try {
      await this.#started?.down({ removeVolumes: true });
    } finally {
      removeProject(this.project);
      process.removeListener('exit', this.#removeOnExit);
    }
  }

  /** A script of scripts/, on this stack. It rejects with what it said where it fails. */
  async script(name: 'reload' | 'scale', ...args: string[]): Promise<string> {
    const { stdout } = await run(resolve(ROOT, 'scripts', name), args, {
      env: { ...process.env, ...this.#env, COMPOSE_PROJECT_NAME: this.project },
    });
    return stdout;
  }

  compose(...args: string[]): Promise<string> {
    const files = this.#files.flatMap((file) => ['--file', resolve(ROOT, file)]);
    return docker(['compose', '--project-name', this.project, ...files, ...args], {
      ...process.env,
      ...this.#env,
    });
  }

  /** The container of a service as it is now; it changes when the service is created anew. */
  async containerId(service: Service): Promise<string> {
    const id = (await this.compose('ps', '--all', '--quiet', service)).trim();
    if (!/^[0-9a-f]{12,}$/.test(id)) throw new Error(`service ${service} has no single container: "${id}"`);
    return id;
  }

  /** Changes when the engine starts the container again: pids alone may then be the same as before. */
  async startedAt(service: Service): Promise<string> {
    const format = ['--format', '{{.State.StartedAt}}'];
    return (await docker(['inspect', ...format, await this.containerId(service)])).trim();
  }

  exec(service: Service, ...command: string[]): Promise<string> {
    return this.compose('exec', '--no-TTY', service, ...command);
  }

  async signal(signal: 'KILL' | 'STOP' | 'CONT' | 'HUP' | 'TTIN' | 'TTOU', pid: number): Promise<void> {
    await this.exec('app', 'sh', '-c', 'kill -s "$1" "$2"', 'kill', signal, String(pid));
  }

  async status(): Promise<AppStatus> {
    return JSON.parse(await getText(`${this.doorUrl}/status`, ANSWER_TIMEOUT_MS)) as AppStatus;
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
  async settle(): Promise<AppStatus> {
    this.publicUrl = await this.#published('nginx', 8040);
    this.doorUrl = await this.#published('nginx', 9040);
    this.prometheusUrl = await this.#published('nginx', 9090);
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

  async #published(service: Service, port: number): Promise<string> {
    const address = (await this.compose('port', service, String(port))).trim();
    const host = /:(\d+)$/.exec(address)?.[1];
    if (host === undefined) throw new Error(`${service} does not publish ${port}: "${address}"`);
    return `http://127.0.0.1:${host}`;
  }
}
