import type { Stack } from '../../../e2e/support/stack.ts';
import type { Status } from '../../../packages/cluster-runtime/src/core/status.ts';
import { Headcount } from './headcount.ts';

const EVERY_MS = 100;

/** Which processes of the application are alive: its primary by asking ten times a second, its workers by its log. */
export class Census {
  readonly headcount = new Headcount();
  /** Primaries that were there without the one before them having been killed. */
  readonly unexpected: string[] = [];
  #life = 0;
  #primary: number | undefined;
  readonly #stack: Stack;
  readonly #loop: Promise<void>;
  #stopped = false;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#loop = this.#run();
  }

  /** Takes a count of now, and not of 100 ms ago. */
  async now(): Promise<Status> {
    const life = this.#life;
    const status = await this.#stack.status();
    // What was asked of the old primary says nothing of the new one.
    if (life !== this.#life) return status;
    const { pid } = status.primary;
    if (this.#primary !== undefined && this.#primary !== pid) {
      this.unexpected.push(`${new Date().toISOString()} primary ${this.#primary}, now ${pid}`);
    }
    this.#primary = pid;
    return status;
  }

  /** The primary was killed: the next one is another. */
  beginLife(): void {
    this.#life += 1;
    this.#primary = undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.now();
      } catch {
        // The application or the proxy is being restarted: whoever needs an answer asks by `now`.
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}
