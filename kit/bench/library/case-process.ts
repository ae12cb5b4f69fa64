import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const CASES = join(import.meta.dirname, 'cases');
const ONE_SHOT_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 120_000;
const END_TIMEOUT_MS = 10_000;

/** Runs a case in its own process and resolves with the number it prints. Rejects if it fails or prints something else. */
export function runCase(name: string, args: readonly string[], nodeOptions: string[] = []): Promise<number> {
  const argv = [...nodeOptions, '--no-warnings', join(CASES, `${name}.ts`), ...args];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, argv, { timeout: ONE_SHOT_TIMEOUT_MS }, (error, stdout, stderr) => {
      const value = Number(stdout);
      if (error === null && stdout.trim() !== '' && Number.isFinite(value)) resolve(value);
      else
        reject(
          new Error(`${name} ${args.join(' ')}: expected a number, got "${stdout}"; ${stderr}`, {
            cause: error,
          }),
        );
    });
  });
}

/** A case that keeps running and answers each request with one message, in order. */
export class CaseProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #killOnExit = (): void => void this.#child.kill('SIGKILL');

  private constructor(name: string, args: readonly string[], nodeOptions: readonly string[]) {
    this.#name = `${name} ${args.join(' ')}`;
    this.#child = fork(join(CASES, `${name}.ts`), args, {
      execArgv: ['--no-warnings', ...nodeOptions],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    process.once('exit', this.#killOnExit);
  }

  /** Starts a case. Resolves with its first message, which it sends when it is ready. */
  static async start<T>(
    name: string,
    args: readonly string[],
    nodeOptions: readonly string[] = [],
  ): Promise<{ readonly case: CaseProcess; readonly ready: T }> {
    const started = new CaseProcess(name, args, nodeOptions);
    try {
      return { case: started, ready: await started.#next<T>('ready') };
    } catch (error) {
      await started.end();
      throw error;
    }
  }

  /** Sends a request and resolves with its answer. Rejects if the process exits or does not answer in time. */
  request<T = unknown>(request: string): Promise<T> {
    const answer = this.#next<T>(`answer to ${request}`);
    this.#child.send(request);
    return answer;
  }

  /** Disconnects, which ends the case; kills it if it does not exit in time. */
  async end(): Promise<void> {
    process.removeListener('exit', this.#killOnExit);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS);
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    clearTimeout(timer);
  }

  #next<T>(what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
        then();
      };
      const onMessage = (message: unknown): void => settle(() => resolve(message as T));
      const onExit = (code: number | null, signal: string | null): void =>
        settle(() => reject(new Error(`${this.#name} exited (${signal ?? code}) before: ${what}`)));
      const timer = setTimeout(
        () =>
          settle(() => reject(new Error(`${this.#name} timed out after ${ANSWER_TIMEOUT_MS} ms: ${what}`))),
        ANSWER_TIMEOUT_MS,
      );
      this.#child.on('message', onMessage);
      this.#child.on('exit', onExit);
    });
  }
}
