/**
 * Sends pings at a rate. At most `maxPending` pings are pending, so that a blocked worker does not occupy all connections of the
 * browser. Pings above that are skipped.
 */
export class Pinger {
  answered = 0;
  unanswered = 0;
  #send;
  #maxPending;
  #pending = 0;
  #perSecond = 1;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {() => Promise<boolean>} send returns whether the ping was answered @param {number} maxPending */
  constructor(send, maxPending) {
    this.#send = send;
    this.#maxPending = maxPending;
  }

  get running() {
    return this.#timer !== undefined;
  }

  /** Whether `maxPending` pings are pending: one() then sends none. */
  get full() {
    return this.#pending >= this.#maxPending;
  }

  /** @param {number} perSecond */
  rate(perSecond) {
    this.#perSecond = perSecond;
    if (this.running) this.start();
  }

  start() {
    this.stop();
    this.#timer = setInterval(() => void this.one(), 1000 / this.#perSecond);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Sends one ping. @returns {Promise<boolean>} whether it was sent and answered */
  async one() {
    if (this.full) return false;
    this.#pending += 1;
    const ok = await this.#send();
    this.#pending -= 1;
    if (ok) this.answered += 1;
    else this.unanswered += 1;
    return ok;
  }
}
