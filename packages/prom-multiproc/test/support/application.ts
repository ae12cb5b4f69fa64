import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, MetricName, Order } from './counting-process.ts';
import type { Cleanup } from './temporary-directory.ts';

const PROGRAM = join(import.meta.dirname, 'counting-process.ts');

type Wanted = Order extends infer One ? Omit<One & Order, 'id'> : never;

/** One real process of an application that shares its metrics in a directory; killed after the test. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
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
    child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Calls a method of one of its metrics; rejects with the message of what that throws. */
  call(metric: MetricName, method: string, ...args: unknown[]): Promise<void> {
    return this.#ask({ call: metric, method, args }) as Promise<void>;
  }

  /** Has it end itself by SIGKILL right after that call, and waits until it is gone. */
  async callAndDie(metric: MetricName, method: string, ...args: unknown[]): Promise<void> {
    this.#child.send({ id: ++this.#lastId, call: metric, method, args, last: true });
    await this.#exit;
  }

  /** Has it make a call that ends it; by which signal it ends. */
  async callToItsEnd(metric: MetricName, method: string, ...args: unknown[]): Promise<unknown> {
    this.#child.send({ id: ++this.#lastId, call: metric, method, args });
    await this.#exit;
    return this.#child.signalCode;
  }

  metrics(): Promise<string> {
    return this.#ask({ ask: 'metrics' }) as Promise<string>;
  }

  warnings(): Promise<string[]> {
    return this.#ask({ ask: 'warnings' }) as Promise<string[]>;
  }

  /** What `onFailure` was told, and `recovered` for each call of `onRecovered`. */
  changes(): Promise<string[]> {
    return this.#ask({ ask: 'changes' }) as Promise<string[]>;
  }

  /**
   * Has it cut a file to nothing. Another process might do so between its look at the file of its slot and the beat that comes
   * right after, which would end it.
   */
  cut(path: string): Promise<void> {
    return this.#ask({ cut: path }) as Promise<void>;
  }

  /** Has it clear a directory, without a wait. */
  clear(directory: string): Promise<void> {
    return this.#ask({ clear: directory }) as Promise<void>;
  }

  takeSlot(): Promise<number | undefined> {
    return this.#ask({ ask: 'takeSlot' }) as Promise<number | undefined>;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  async #ask(wanted: Wanted): Promise<unknown> {
    const id = ++this.#lastId;
    const answered = this.#answerTo(id);
    this.#child.send({ ...wanted, id });
    const { value, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async #answerTo(id: number): Promise<Answer> {
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const ended = this.#exit.then(() => {
      throw new Error(`process ${this.pid} ended instead of answering`);
    });
    ended.catch(() => {});
    return Promise.race([answered, ended]);
  }
}
