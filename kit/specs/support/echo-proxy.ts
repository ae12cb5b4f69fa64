import { resolve } from 'node:path';
import { projectPrefix } from '../../../e2e/support/run-id.ts';
import { type RawAnswer, sendRaw } from '../../../packages/cluster-runtime/test/support/raw-http.ts';
import { docker, removeProject } from '../../test-kit/docker.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const FILES = ['docker-compose.yml', 'kit/specs/fixtures/echo.compose.yml'];

/** What the app behind nginx was sent. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  /** Name, value, name, value: as they came, doubles included. */
  readonly headers: readonly string[];
  readonly bodyBytes: number;
}

let started = 0;

/** nginx of this checkout before an app that answers with what reached it. */
export class EchoProxy {
  port = 0;
  readonly #project: string;
  readonly #files: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #removeOnExit = (): void => removeProject(this.#project);

  private constructor(overrides: readonly string[], environment: Readonly<Record<string, string>>) {
    started += 1;
    this.#environment = environment;
    this.#project = `${projectPrefix}-${process.pid}-echo-${started}`;
    this.#files = [...FILES, ...overrides];
  }

  static async start(
    overrides: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<EchoProxy> {
    const proxy = new EchoProxy(overrides, environment);
    process.once('exit', proxy.#removeOnExit);
    try {
      await proxy.compose('up', '--detach', '--build', '--wait', 'nginx');
      proxy.port = Number((await proxy.compose('port', 'nginx', '8040')).trim().split(':').at(-1));
    } catch (error) {
      proxy.down();
      throw error;
    }
    return proxy;
  }

  down(): void {
    removeProject(this.#project);
    process.removeListener('exit', this.#removeOnExit);
  }

  compose(...args: string[]): Promise<string> {
    const files = this.#files.flatMap((file) => ['--file', resolve(ROOT, file)]);
    const ports = { PUBLIC_PORT: '0', METRICS_DOOR_PORT: '0', PROMETHEUS_PORT: '0' };
    return docker(['compose', '--project-name', this.#project, ...files, ...args], {
      ...process.env,
      ...ports,
      ...this.#environment,
    });
  }

  send(request: string): Promise<RawAnswer> {
    return sendRaw(this.port, request);
  }

  /** One request with these header lines, and the headers that reached the app. */
  async echo(requestLine: string, ...headers: string[]): Promise<Echo> {
    const { status, body } = await this.send(
      [`${requestLine} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'),
    );
    if (status !== 200) throw new Error(`${requestLine}: ${status} ${body}`);
    return JSON.parse(body) as Echo;
  }

  /** Has the app answer what it holds, once for all. */
  async release(): Promise<void> {
    await docker(['kill', '--signal', 'SIGUSR2', `${this.#project}-app-1`]);
  }

  /** All requests that have reached the app so far. */
  async seen(): Promise<string[]> {
    const { body } = await this.send('GET /seen HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    return JSON.parse(body) as string[];
  }

  /** The entry of nginx's access log for a path, once it is there. */
  async logged(path: string): Promise<Record<string, string> | undefined> {
    const id = (await this.compose('ps', '--quiet', 'nginx')).trim();
    const log = await docker(['logs', id]);
    const lines = log.split('\n').filter((line) => line.startsWith('{'));
    return lines
      .map((line) => JSON.parse(line) as Record<string, string>)
      .find((entry) => entry.path === path);
  }
}
