/** First delay after a second quick death in a row; doubled with each further one. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;

/** A worker that dies is replaced at once; only deaths in quick succession make the next one wait. */
export class Backoff {
  #quickDeaths = 0;

  /** The delay before the next start. `steady`: the one that died had been serving for a while. */
  afterDeath(steady: boolean): number {
    this.#quickDeaths = steady ? 0 : this.#quickDeaths + 1;
    if (this.#quickDeaths < 2) return 0;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.#quickDeaths - 2), LONGEST_DELAY_MS);
  }
}
