/** What the watchdog needs of a worker. */
export interface Watched {
  /** When it was last known to run, in milliseconds of the same clock: its last answer, or when it became ready. */
  lastAnswer: number;
  /** Whether a ping is under way: a worker that does not answer is not sent any more of them. */
  asked: boolean;
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
 * Notices workers whose event loop is blocked or stopped. Time in which this process itself was blocked or stopped does not
 * count: no worker could answer it then.
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
      if (worker.asked && silentMs >= this.#options.timeoutMs) {
        this.#options.onStuck(worker, Math.round(silentMs));
      } else if (!worker.asked) {
        worker.asked = true;
        worker.ping();
      }
    }
  }

  answered(worker: Watched): void {
    worker.asked = false;
    worker.lastAnswer = this.#now();
  }
}
