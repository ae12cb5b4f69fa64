/**
 * @typedef {object} Reading
 * @property {number} at milliseconds of performance.now()
 * @property {number | null} worker the worker of the first attempt; null if it did not respond
 * @property {number | null} own the count of that worker
 * @property {number | null} shared the count of all workers; null if there is no correct total
 */

/** Evaluates the readings of one counter as Prometheus does. A reading of null is a gap. */
export class Counter {
  /** @type {number | null} */
  last = null;
  /** How often the value went down. */
  falls = 0;
  /** The increase as increase() in PromQL computes it, but without extrapolation. A fall counts as a reset to 0. */
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
  /** Readings of the last `windowMs`, oldest first. @type {Reading[]} */
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
   * Returns the columns of a chart: times in seconds relative to `now`, and values.
   * @param {'own' | 'shared'} which
   * @param {number} now
   * @returns {[number[], (number | null)[]]}
   */
  columns(which, now) {
    return [this.recent.map(({ at }) => (at - now) / 1000), this.recent.map((reading) => reading[which])];
  }

  /** Returns a round number above all values in the window, as the upper limit of both charts. */
  top() {
    const most = Math.max(9, ...this.recent.flatMap(({ own, shared }) => [own ?? 0, shared ?? 0]));
    const step = 10 ** Math.floor(Math.log10(most)) / 2;
    return Math.ceil((most * 1.08) / step) * step;
  }
}

/**
 * The workers that have responded, each with its last own count.
 * @typedef {{ readonly worker: number, readonly own: number, readonly updatedAt: number, readonly killed: boolean }} KnownWorker
 */
export class Workers {
  #forgetMs;
  /** @type {Map<number, KnownWorker>} */
  #known = new Map();

  /** @param {number} forgetMs a worker is removed if it has not responded for this time */
  constructor(forgetMs) {
    this.#forgetMs = forgetMs;
  }

  /** @param {number} worker @param {number} own @param {number} now */
  update(worker, own, now) {
    // The response may have been sent before the worker was killed.
    if (this.#known.get(worker)?.killed) return;
    this.#known.set(worker, { worker, own, updatedAt: now, killed: false });
  }

  /** @param {number} worker @param {number} now */
  end(worker, now) {
    const known = this.#known.get(worker);
    if (known !== undefined) this.#known.set(worker, { ...known, updatedAt: now, killed: true });
  }

  /** Returns the workers by number. @param {number} now @returns {KnownWorker[]} */
  list(now) {
    for (const { worker, updatedAt } of this.#known.values()) {
      if (now - updatedAt > this.#forgetMs) this.#known.delete(worker);
    }
    return [...this.#known.values()].sort((a, b) => a.worker - b.worker);
  }
}
