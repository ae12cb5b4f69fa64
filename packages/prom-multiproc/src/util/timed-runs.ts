interface Run<T> {
  /** Settled at the end of the run, or once it takes too long: with undefined then, and where it failed. */
  readonly outcome: Promise<T | undefined>;
  timer?: NodeJS.Timeout;
  overran?: Error;
}

/** Asks of the application that may hang or fail: one at a time for each key, none waited for longer than a limit. */
export class TimedRuns<Key extends object, T> {
  readonly #limitMs: () => number;
  readonly #onFailure: (key: Key, error: Error) => void;
  readonly #running = new Map<Key, Run<T>>();

  /** `onFailure` is called for a run that throws, rejects or takes too long, and each time that one still does. */
  constructor(limitMs: () => number, onFailure: (key: Key, error: Error) => void) {
    this.#limitMs = limitMs;
    this.#onFailure = onFailure;
  }

  /**
   * Starts a run, or waits for the one of this key. Never rejects: undefined where it failed or has not ended within the
   * limit, counted from its start. One that was found to take too long is not waited for again. A process that has nothing
   * else to do lives until the outcome is there, unless it is `idle`.
   */
  run(key: Key, start: () => T | PromiseLike<T>, idle = false): Promise<T | undefined> {
    const run = this.#running.get(key) ?? this.#start(key, start);
    if (run.overran !== undefined) {
      this.#onFailure(key, run.overran);
      return Promise.resolve(undefined);
    }
    if (!idle) run.timer?.ref();
    return run.outcome;
  }

  #start(key: Key, start: () => T | PromiseLike<T>): Run<T> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const run: Run<T> = { outcome: promise };
    // Before it starts: one that asks for the page it is a part of waits for itself, up to the limit.
    this.#running.set(key, run);
    const end = (value: T | undefined) => {
      clearTimeout(run.timer);
      this.#running.delete(key);
      resolve(value);
    };
    const fail = (error: unknown) => {
      end(undefined);
      if (run.overran === undefined) this.#onFailure(key, asError(error));
    };
    try {
      const result = start();
      if (!isThenable(result)) {
        end(result);
        return run;
      }
      Promise.resolve(result).then(end, fail);
      const limit = this.#limitMs();
      const overrun = () => {
        if (this.#running.get(key) !== run) return;
        run.overran = new Error(`not done within ${limit} ms`);
        this.#onFailure(key, run.overran);
        resolve(undefined);
      };
      // A turn later: after a block of the event loop, what has come in meanwhile goes first.
      run.timer = setTimeout(() => setImmediate(overrun), limit).unref();
    } catch (error) {
      fail(error);
    }
    return run;
  }
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function';
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
