import { TimedRuns } from '../util/timed-runs.ts';

/** What the application's own objects answer, each asked within a limit; where one fails, its last answer. */
export class LastAnswers<Key extends object, T> {
  readonly #runs: TimedRuns<Key, T>;
  readonly #last = new WeakMap<Key, T>();

  constructor(limitMs: () => number, onFailure: (key: Key, error: Error) => void) {
    this.#runs = new TimedRuns(limitMs, onFailure);
  }

  /** Never rejects: undefined where there never was an answer. */
  async ask(key: Key, ask: () => T | PromiseLike<T>): Promise<T | undefined> {
    const answer = await this.#runs.run(key, ask);
    if (answer !== undefined) this.#last.set(key, answer);
    return answer ?? this.#last.get(key);
  }
}
