/**
 * What was read, as Prometheus would judge it. Nothing here knows of the page.
 *
 * @typedef {object} Reading
 * @property {number} at milliseconds on the clock of the page
 * @property {number | null} worker who answered; null where the one that was asked did not
 * @property {number | null} own what that worker alone has counted
 * @property {number | null} shared what all have counted; null where there is no true number
 */

/** A counter as it is read again and again; a reading of null is a gap. */
export class Counter {
  /** @type {number | null} */
  last = null;
  /** How often it went down, which a counter never does. */
  falls = 0;
  /** As Prometheus' increase(): what falls is taken for a counter that began again at 0. */
  increase = 0;

  /** @param {number | null} value */
  read(value) {
    if (value === null) return;
    if (this.last !== null) {
      const fell = value < this.last;
      if (fell) this.falls += 1;
      this.increase += fell ? value : value - this.last;
    }
    this.last = value;
  }
}

export class Readings {
  own = new Counter();
  shared = new Counter();
  /** Those of the last `windowMs`, the oldest first. @type {Reading[]} */
  recent = [];
  #windowMs;

  /** @param {number} windowMs */
  constructor(windowMs) {
    this.#windowMs = windowMs;
  }

  /** @param {Reading} reading */
  add(reading) {
    this.own.read(reading.own);
    this.shared.read(reading.shared);
    this.recent.push(reading);
    const oldest = reading.at - this.#windowMs;
    this.recent = this.recent.filter(({ at }) => at >= oldest);
  }

  /**
   * For a chart: seconds before `now`, and the values there.
   * @param {'own' | 'shared'} which
   * @param {number} now
   * @returns {[number[], (number | null)[]]}
   */
  columns(which, now) {
    return [this.recent.map(({ at }) => (at - now) / 1000), this.recent.map((reading) => reading[which])];
  }

  /** A round number no smaller than anything in the window: the top of both charts. */
  top() {
    const most = Math.max(9, ...this.recent.flatMap(({ own, shared }) => [own ?? 0, shared ?? 0]));
    const step = 10 ** Math.floor(Math.log10(most)) / 2;
    return Math.ceil((most * 1.08) / step) * step;
  }
}

/**
 * The workers that were heard of, each with what it last said it had counted alone.
 * @typedef {{ readonly worker: number, readonly own: number, readonly heard: number, readonly gone: boolean }} Heard
 */
export class Workers {
  #forgetMs;
  /** @type {Map<number, Heard>} */
  #heard = new Map();

  /** @param {number} forgetMs those that did not answer for so long are left out */
  constructor(forgetMs) {
    this.#forgetMs = forgetMs;
  }

  /** @param {number} worker @param {number} own @param {number} now */
  hear(worker, own, now) {
    // An answer that was on its way when it ended.
    if (this.#heard.get(worker)?.gone) return;
    this.#heard.set(worker, { worker, own, heard: now, gone: false });
  }

  /** @param {number} worker @param {number} now */
  end(worker, now) {
    const known = this.#heard.get(worker);
    if (known !== undefined) this.#heard.set(worker, { ...known, heard: now, gone: true });
  }

  /** By number. @param {number} now @returns {Heard[]} */
  list(now) {
    for (const { worker, heard } of this.#heard.values()) {
      if (now - heard > this.#forgetMs) this.#heard.delete(worker);
    }
    return [...this.#heard.values()].sort((a, b) => a.worker - b.worker);
  }
}
