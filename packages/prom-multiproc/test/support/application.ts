import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Command, MetricName } from './counting-process.ts';
import type { Cleanup } from './temporary-directory.ts';

const PROGRAM = join(import.meta.dirname, 'counting-process.ts');

type Request = Command extends infer One ? Omit<One & Command, 'id'> : never;

/** A process of an application that shares its metrics in a directory. It is killed after the test. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  readonly #exit: Promise<unknown>;
  #lastId = 0;

  static async start(
    test: Cleanup,
    directory: string | undefined,
    env: Record<string, string> = {},
  ): Promise<AppProcess> {
    const { PROMETHEUS_MULTIPROC_DIR: _, ...own } = process.env;
    const shared = directory === undefined ? {} : { PROMETHEUS_MULTIPROC_DIR: directory };
    const child = fork(PROGRAM, {
      env: { ...own, ...shared, ...env },
      silent: true,
      serialization: 'advanced',
    });
    const app = new AppProcess(child);
    test.after(() => app.kill());
    await app.#answerTo(0);
    return app;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, 'exit');
    child.on('message', (answer: Answer) => this.#pending.get(answer.id)?.(answer));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Calls a method of one of its metrics. Rejects with the message of the error that it throws. */
  call(metric: MetricName, method: string, ...args: unknown[]): Promise<void> {
    return this.#request({ call: metric, method, args }) as Promise<void>;
  }

  /** Calls a method, after which the process sends itself SIGKILL. Resolves when it has ended. */
  async callAndKill(metric: MetricName, method: string, ...args: unknown[]): Promise<void> {
    this.#child.send({ id: ++this.#lastId, call: metric, method, args, last: true });
    await this.#exit;
  }

  /** Calls a method that crashes the process. @returns the signal that ended it. */
  async callAndCrash(metric: MetricName, method: string, ...args: unknown[]): Promise<unknown> {
    this.#child.send({ id: ++this.#lastId, call: metric, method, args });
    await this.#exit;
    return this.#child.signalCode;
  }

  metrics(): Promise<string> {
    return this.#request({ get: 'metrics' }) as Promise<string>;
  }

  warnings(): Promise<string[]> {
    return this.#request({ get: 'warnings' }) as Promise<string[]>;
  }

  /** The error message of each call of `onFailure`, and `recovered` for each call of `onRecovered`. */
  changes(): Promise<string[]> {
    return this.#request({ get: 'changes' }) as Promise<string[]>;
  }

  /**
   * Truncates a file to zero bytes in this process. If another process did so between the check of the slot file and the heartbeat
   * after it, the heartbeat would crash this process.
   */
  truncate(path: string): Promise<void> {
    return this.#request({ truncate: path }) as Promise<void>;
  }

  /** Clears a directory in this process, without waiting for holders. */
  clear(directory: string): Promise<void> {
    return this.#request({ clear: directory }) as Promise<void>;
  }

  takeSlot(): Promise<number | undefined> {
    return this.#request({ get: 'takeSlot' }) as Promise<number | undefined>;
  }

  /** Sends SIGKILL. Resolves when the process has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  async #request(request: Request): Promise<unknown> {
    const id = ++this.#lastId;
    const answered = this.#answerTo(id);
    this.#child.send({ ...request, id });
    const { value, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async #answerTo(id: number): Promise<Answer> {
    const answered = new Promise<Answer>((resolve) => this.#pending.set(id, resolve));
    const ended = this.#exit.then(() => {
      throw new Error(`process ${this.pid} ended before it answered`);
    });
    ended.catch(() => {});
    return Promise.race([answered, ended]);
  }
}
