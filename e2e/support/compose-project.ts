import { resolve } from 'node:path';
import { DockerComposeEnvironment, Wait } from 'testcontainers';
import { docker, dockerClient, removeProject } from '../../kit/test-kit/docker.ts';
import { composeContainers } from './containers.ts';
import { projectPrefix } from './run-id.ts';
import { StartupLog } from './startup-log.ts';
import { setUpTestcontainers } from './testcontainers-setup.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
const COMPOSE_FILE = 'docker-compose.yml';
const STARTUP_TIMEOUT_MS = 300_000;
/** It has no health check, because its image has no shell. */
const EXPORTER = 'nginx-exporter-1';

let created = 0;

/** The stack of this checkout, with its own images and free ports, so that it can run beside other stacks. */
export class ComposeProject {
  readonly project: string;
  /** Variables of the compose file. */
  protected readonly variables: Readonly<Record<string, string>>;
  readonly #files: readonly string[];
  readonly #removeOnExit = (): void => removeProject(this.project);

  /**
   * @param overrides compose files that override the first one
   * @param file the first compose file, if it is not the stack's
   */
  constructor(
    name: string,
    overrides: readonly string[],
    variables: Readonly<Record<string, string>>,
    file = COMPOSE_FILE,
  ) {
    created += 1;
    this.project = `${projectPrefix}-${process.pid}-${name}-${created}`;
    this.#files = [file, ...overrides];
    this.variables = { PUBLIC_PORT: '0', METRICS_HOST_PORT: '0', PROMETHEUS_PORT: '0', ...variables };
  }

  /** Starts these services (default: all) with their dependencies. @throws if a service is not healthy in time */
  async up(services?: readonly string[]): Promise<void> {
    await setUpTestcontainers();
    // Removes the project also if the process ends without a teardown, by a signal or a crash.
    process.once('exit', this.#removeOnExit);
    const log = new StartupLog(this.project);
    try {
      const environment = new DockerComposeEnvironment(ROOT, [...this.#files])
        .withProjectName(this.project)
        .withEnvironment(this.variables)
        .withClientOptions({ executable: { executablePath: dockerClient() } })
        .withAutoCleanup(process.env.TESTCONTAINERS_RYUK_DISABLED !== 'true')
        .withBuild()
        .withDefaultWaitStrategy(Wait.forHealthCheck())
        .withStartupTimeout(STARTUP_TIMEOUT_MS);
      if (services?.includes('nginx-exporter') ?? true)
        environment.withWaitStrategy(EXPORTER, Wait.forLogMessage(/Listening on/));
      await environment.up(services && [...services]);
      await this.started();
    } catch (error) {
      console.error(`${this.project} did not start; its last log lines:\n${log.close()}`);
      this.down();
      throw error;
    } finally {
      log.close();
    }
  }

  /** Starts all services as `docker compose up --detach --wait` does. */
  async upAndWait(): Promise<void> {
    process.once('exit', this.#removeOnExit);
    await this.compose('up', '--detach', '--wait');
  }

  /** Called when all containers are healthy. The start ends when it resolves. */
  protected async started(): Promise<void> {}

  /** The compose files as the variable COMPOSE_FILE has them. */
  protected get composeFile(): string {
    return this.#files.map((file) => resolve(ROOT, file)).join(':');
  }

  down(): void {
    removeProject(this.project);
    process.removeListener('exit', this.#removeOnExit);
  }

  compose(...args: string[]): Promise<string> {
    const files = this.#files.flatMap((file) => ['--file', resolve(ROOT, file)]);
    return docker(['compose', '--project-name', this.project, ...files, ...args], {
      ...process.env,
      ...this.variables,
    });
  }

  /** Runs a command in the first running container of a service. */
  async exec(service: string, ...command: string[]): Promise<string> {
    const running = (await composeContainers(this.project, service)).find(({ isRunning }) => isRunning);
    if (running === undefined) throw new Error(`service ${service} does not run`);
    return docker(['exec', running.id, ...command]);
  }

  /** Returns the id of the current container of a service. It changes when the container is recreated. */
  async containerId(service: string): Promise<string> {
    const [found, ...others] = await composeContainers(this.project, service);
    if (found === undefined || others.length > 0)
      throw new Error(`service ${service} has no single container`);
    return found.id;
  }

  /** Returns the URL at which a port of a service is published now. */
  async published(service: string, port: number): Promise<string> {
    const found = await composeContainers(this.project, service);
    const { published } = found.flatMap(({ ports }) => ports).find(({ inside }) => inside === port) ?? {};
    if (published === undefined) throw new Error(`${service} does not publish ${port}`);
    return `http://127.0.0.1:${published}`;
  }
}
