/** The part of a worker that the watchdog uses. */
export interface Watched {
  /** Time of the last answer, or of becoming ready, in milliseconds of `now`. */
  lastAnswer: number;
  /** Whether a ping is unanswered. The watchdog sends the next ping only after the answer. */
  pingPending: boolean;
  ping(): void;
}

export interface WatchdogOptions<W extends Watched> {
  readonly timeoutMs: number;
  watched(): W[];
  onStuck(worker: W, silentMs: number): void;
  readonly now?: () => number;
}

export const PING_EVERY_MS = 1000;

/**
 * Detects workers whose event loop is blocked or stopped. Time during which the primary itself was blocked or stopped does not
 * count.
 */
export class Watchdog<W extends Watched> {
  readonly #options: WatchdogOptions<W>;
  readonly #now: () => number;
  #lastTick: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchdogOptions<W>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#lastTick = this.#now();
  }

  start(): void {
    if (this.#options.timeoutMs === 0) return;
    this.#lastTick = this.#now();
    this.#timer = setInterval(() => this.tick(), PING_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  tick(): void {
    const now = this.#now();
    const late = Math.max(0, now - this.#lastTick - PING_EVERY_MS);
    this.#lastTick = now;
    for (const worker of this.#options.watched()) {
      worker.lastAnswer = Math.min(now, worker.lastAnswer + late);
      const silentMs = now - worker.lastAnswer;
      if (worker.pingPending && silentMs >= this.#options.timeoutMs) {
        this.#options.onStuck(worker, Math.round(silentMs));
      } else if (!worker.pingPending) {
        worker.pingPending = true;
        worker.ping();
      }
    }
  }

  answered(worker: Watched): void {
    worker.pingPending = false;
    worker.lastAnswer = this.#now();
  }
}
