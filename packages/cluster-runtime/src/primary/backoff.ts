/** First delay after a second early exit in a row; doubled with each further one. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;

/** A worker that exits is replaced at once; only early exits in a row delay the next start. */
export class Backoff {
  #earlyExits = 0;

  /** The delay before the next start. `stable`: the worker that exited had been ready for a while. */
  afterExit(stable: boolean): number {
    this.#earlyExits = stable ? 0 : this.#earlyExits + 1;
    if (this.#earlyExits < 2) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#earlyExits - 2), LONGEST_DELAY_MS);
  }
}
