import { log } from '../core/log.ts';

const CHECK_MS = 250;

export interface InheritedPortOptions {
  readonly waitForWorkerMs: number;
  /** Returns whether a worker listens. */
  hasListening(): boolean;
  /** Stops listening in all processes. Returns false if the port is not open. A worker that listens opens it again. */
  shutDown(): boolean;
  /** Listens again, with the workers that listen on the socket. */
  reopen(): void;
  readonly now?: () => number;
}

/**
 * Closes the inherited port when no worker has listened for `waitForWorkerMs`. Until then connections wait for the next worker;
 * afterwards they are refused, and the proxy answers 503 at once.
 */
export class InheritedPort {
  readonly #options: InheritedPortOptions;
  readonly #now: () => number;
  #lastListening: number;
  /** Closed only once: a worker may have opened the port, and its message may still be on its way. */
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: InheritedPortOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#lastListening = this.#now();
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Call it when a worker begins to listen. */
  opened(): void {
    this.#lastListening = this.#now();
    // The worker may have listened before the port was closed, and its message arrived after that. Node reports no error to the worker.
    if (this.#closed) this.#options.reopen();
    this.#closed = false;
  }

  tick(): void {
    if (this.#options.hasListening()) this.opened();
    const unservedMs = Math.round(this.#now() - this.#lastListening);
    if (this.#closed || unservedMs < this.#options.waitForWorkerMs) return;
    this.#closed = true;
    if (this.#options.shutDown())
      log('warn', 'no worker listens; closing the port', { unserved_ms: unservedMs });
  }
}
