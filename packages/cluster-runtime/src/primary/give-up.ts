const CHECK_MS = 250;

export interface GiveUpOptions {
  readonly giveUpMs: number;
  /** Returns whether a worker is stable now (see `STABLE_MS` in worker-process.ts) or waits until the application is ready. */
  hasStable(): boolean;
  /** Called once, when no worker was stable for `giveUpMs` and at least one worker failed early in that time. */
  onGiveUp(): void;
}

/** Detects that workers fail repeatedly. Workers that only start slowly do not trigger it. */
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

  /** Call it when a worker is stable, or when a stable worker exits. */
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
