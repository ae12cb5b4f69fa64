import type { AppStatus, Stack } from '../stack.ts';

const EVERY_MS = 100;

/** How many processes of the application are alive, as its primary says, asked ten times a second. */
export class Census {
  /** Processes of another instance on the same directory. */
  beside = 0;
  /** Most at one time since the application began to live. */
  most = 0;
  /** The last answer; undefined while there is none. */
  status: AppStatus | undefined;
  readonly #stack: Stack;
  readonly #loop: Promise<void>;
  #stopped = false;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#loop = this.#run();
  }

  /** Takes a count of now, and not of 100 ms ago. */
  async now(): Promise<AppStatus> {
    const status = await this.#stack.status();
    this.status = status;
    this.most = Math.max(this.most, status.workers.length + this.beside);
    return status;
  }

  beginLife(): void {
    this.most = 0;
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
        this.status = undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}
