import { ComposeProject } from '../../../e2e/support/compose-project.ts';
import { type RawAnswer, sendRaw } from '../../../packages/cluster-runtime/test/support/raw-http.ts';
import { docker } from '../../test-kit/docker.ts';

const ECHO_FILE = 'kit/specs/fixtures/echo.compose.yml';

/** The request that reached the app. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  /** Name, value, name, value, as received, duplicates included. */
  readonly headers: readonly string[];
  readonly bodyBytes: number;
}

/** nginx of this checkout in front of echo-app.ts. */
export class EchoProxy extends ComposeProject {
  port = 0;

  static async start(
    overrides: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<EchoProxy> {
    const proxy = new EchoProxy('echo', [ECHO_FILE, ...overrides], environment);
    await proxy.up(['nginx']);
    proxy.port = Number(new URL(await proxy.published('nginx', 8040)).port);
    return proxy;
  }

  send(request: string): Promise<RawAnswer> {
    return sendRaw(this.port, request);
  }

  /** Sends one request with these header lines and returns the request that reached the app. */
  async echo(requestLine: string, ...headers: string[]): Promise<Echo> {
    const { status, body } = await this.send(
      [`${requestLine} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'),
    );
    if (status !== 200) throw new Error(`${requestLine}: ${status} ${body}`);
    return JSON.parse(body) as Echo;
  }

  /** Makes the app answer all requests to `/kept`, from now on. */
  async release(): Promise<void> {
    await docker(['kill', '--signal', 'SIGUSR2', await this.containerId('app')]);
  }

  /** Returns all requests that have reached the app so far. */
  async seen(): Promise<string[]> {
    const { body } = await this.send('GET /seen HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    return JSON.parse(body) as string[];
  }

  /** Returns the entry of nginx's access log for a path, or undefined. */
  async logged(path: string): Promise<Record<string, string> | undefined> {
    const log = await docker(['logs', await this.containerId('nginx')]);
    const lines = log.split('\n').filter((line) => line.startsWith('{'));
    return lines
      .map((line) => JSON.parse(line) as Record<string, string>)
      .find((entry) => entry.path === path);
  }
}
