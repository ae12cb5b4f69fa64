import { TimedRuns } from '../util/timed-runs.ts';

/** Asks the application's own objects, with a time limit. If one fails, returns its last answer. */
export class LastAnswers<Key extends object, T> {
  readonly #runs: TimedRuns<Key, T>;
  readonly #last = new WeakMap<Key, T>();

  /** See `TimedRuns`. */
  constructor(limitMs: () => number, limitName: string, onFailure: (key: Key, error: Error) => void) {
    this.#runs = new TimedRuns(limitMs, limitName, onFailure);
  }

  /** Never rejects. Returns undefined if there has never been an answer. */
  async ask(key: Key, ask: () => T | PromiseLike<T>): Promise<T | undefined> {
    const answer = await this.#runs.run(key, ask);
    if (answer !== undefined) this.#last.set(key, answer);
    return answer ?? this.#last.get(key);
  }
}
