/**
 * Sends pings at a rate. There are never more than `most` on their way, so that one worker that hangs does not take all the
 * connections a browser has; what cannot be sent then is left out.
 */
export class Pinger {
  answered = 0;
  unanswered = 0;
  #send;
  #most;
  #onTheWay = 0;
  #perSecond = 1;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {() => Promise<boolean>} send whether it was answered @param {number} most */
  constructor(send, most) {
    this.#send = send;
    this.#most = most;
  }

  get running() {
    return this.#timer !== undefined;
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

  /** @returns {Promise<boolean>} whether it was sent and answered */
  async one() {
    if (this.#onTheWay >= this.#most) return false;
    this.#onTheWay += 1;
    const ok = await this.#send();
    this.#onTheWay -= 1;
    if (ok) this.answered += 1;
    else this.unanswered += 1;
    return ok;
  }
}
