import { ComposeProject } from '../../../e2e/support/compose-project.ts';
import { type RawAnswer, sendRaw } from '../../../packages/cluster-runtime/test/support/raw-http.ts';
import { docker } from '../../test-kit/docker.ts';

const ECHO_FILE = 'kit/specs/fixtures/echo.compose.yml';

/** What the app behind nginx was sent. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  /** Name, value, name, value: as they came, doubles included. */
  readonly headers: readonly string[];
  readonly bodyBytes: number;
}

/** nginx of this checkout before an app that answers with what reached it. */
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
    await docker(['kill', '--signal', 'SIGUSR2', await this.containerId('app')]);
  }

  /** All requests that have reached the app so far. */
  async seen(): Promise<string[]> {
    const { body } = await this.send('GET /seen HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    return JSON.parse(body) as string[];
  }

  /** The entry of nginx's access log for a path, once it is there. */
  async logged(path: string): Promise<Record<string, string> | undefined> {
    const log = await docker(['logs', await this.containerId('nginx')]);
    const lines = log.split('\n').filter((line) => line.startsWith('{'));
    return lines
      .map((line) => JSON.parse(line) as Record<string, string>)
      .find((entry) => entry.path === path);
  }
}
