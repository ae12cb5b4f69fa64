/** Delay after the second early exit in a row. Each further early exit doubles it. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;

/** Computes the delay before an exited worker is replaced. Only two or more early exits in a row delay the next start. */
export class Backoff {
  #earlyExits = 0;

  /** Returns the delay in milliseconds. `stable` is whether the exited worker was stable: see WorkerProcess. */
  afterExit(stable: boolean): number {
    this.#earlyExits = stable ? 0 : this.#earlyExits + 1;
    if (this.#earlyExits < 2) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#earlyExits - 2), LONGEST_DELAY_MS);
  }
}
