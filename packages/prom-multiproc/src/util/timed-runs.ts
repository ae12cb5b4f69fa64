interface Run<T> {
  /** Resolves with the result. Resolves with undefined if the run fails or exceeds the time limit. */
  readonly outcome: Promise<T | undefined>;
  timer?: NodeJS.Timeout;
  overran?: Error;
}

/** Runs application functions that may hang or fail: one run at a time for each key, with a time limit for waiting. */
export class TimedRuns<Key extends object, T> {
  readonly #limitMs: () => number;
  readonly #limitName: string;
  readonly #onFailure: (key: Key, error: Error) => void;
  readonly #running = new Map<Key, Run<T>>();

  /**
   * `onFailure` is called if a run throws, rejects or exceeds the limit. Also called at each later `run()` while a run that
   * exceeded the limit has not ended. Its error names the limit as `limitName`.
   */
  constructor(limitMs: () => number, limitName: string, onFailure: (key: Key, error: Error) => void) {
    this.#limitMs = limitMs;
    this.#limitName = limitName;
    this.#onFailure = onFailure;
  }

  /**
   * Starts a run, or waits for the current run of this key. Never rejects: returns undefined if the run fails or exceeds the
   * limit, which is counted from its start. Does not wait again for a run that exceeded the limit. Keeps the process alive
   * until the outcome, unless `idle`.
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
    // Set before the start, so that a run that starts itself again waits (up to the limit) instead of recursing.
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
        run.overran = new Error(`did not complete within ${limit} ms, ${this.#limitName}`);
        this.#onFailure(key, run.overran);
        resolve(undefined);
      };
      // One turn later: after the event loop was blocked, pending results are processed first.
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
