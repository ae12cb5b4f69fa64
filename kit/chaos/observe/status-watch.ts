import type { ComposeStack } from '../../../e2e/support/compose-stack.ts';
import type { Status } from '../../../packages/cluster-runtime/src/core/status.ts';
import { ProcessCount } from './process-count.ts';

const EVERY_MS = 100;

/** Observes the processes of the app: the primary by polling /status ten times per second, workers by the log. */
export class StatusWatch {
  readonly processCount = new ProcessCount();
  /** Changes of the primary without a fault. */
  readonly unexpected: string[] = [];
  #starts = 0;
  #primary: number | undefined;
  readonly #stack: ComposeStack;
  readonly #loop: Promise<void>;
  #stopped = false;

  constructor(stack: ComposeStack) {
    this.#stack = stack;
    this.#loop = this.#run();
  }

  /** Status at this moment. @throws Error without an answer */
  async now(): Promise<Status> {
    const starts = this.#starts;
    const status = await this.#stack.status();
    // The answer may come from the primary before the restart.
    if (starts !== this.#starts) return status;
    const { pid } = status.primary;
    if (this.#primary !== undefined && this.#primary !== pid) {
      this.unexpected.push(`${new Date().toISOString()} primary ${this.#primary}, now ${pid}`);
    }
    this.#primary = pid;
    return status;
  }

  /** The primary was killed: the next status may have another pid. */
  endRestart(): void {
    this.#starts += 1;
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
        // The app or nginx restarts. Callers of `now` get the error.
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}
