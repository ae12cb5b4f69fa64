const CHECK_MS = 250;

export interface GiveUpOptions {
  readonly giveUpMs: number;
  /** Whether there is a stable worker now. */
  hasStable(): boolean;
  /** Called once, when no worker was stable for `giveUpMs` and one has failed early meanwhile. */
  onGiveUp(): void;
}

/** Notices that workers fail again and again. Workers that merely take long to start are no reason to give up. */
export class GiveUp {
  readonly #options: GiveUpOptions;
  #lastStable = performance.now();
  #failedSince = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GiveUpOptions) {
    this.#options = options;
  }

  start(): void {
    this.#lastStable = performance.now();
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** There is a stable worker, or there was one until now. */
  seenStable(): void {
    this.#lastStable = performance.now();
    this.#failedSince = false;
  }

  failedEarly(): void {
    this.#failedSince = true;
  }

  #check(): void {
    if (this.#options.hasStable()) this.seenStable();
    if (!this.#failedSince || performance.now() - this.#lastStable < this.#options.giveUpMs) return;
    this.stop();
    this.#options.onGiveUp();
  }
}
