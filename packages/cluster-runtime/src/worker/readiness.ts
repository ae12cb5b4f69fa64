import type { App } from '../core/app.ts';
import { describeError, log } from '../core/log.ts';

/** Shortest interval between two calls of `ready()`. */
export const ASK_EVERY_MS = 1000;
/** Longest time that `ready()` may take. Shorter than the health check of the container, 4 s. */
const ANSWER_WITHIN_MS = 3000;
/** Longest reason, in characters. */
const MAX_REASON = 1000;

export interface ReadinessOptions {
  readonly ready: NonNullable<App['ready']>;
  /** Called with each answer: the reason, or undefined if the application is ready. */
  onAnswer(reason: string | undefined): void;
  readonly now?: () => number;
  readonly answerWithinMs?: number;
}

interface Answer {
  /** Undefined if the application is ready. */
  readonly reason: string | undefined;
  readonly stack?: unknown;
}

/** Asks the application whether it is ready, at most once a second. Logs each change. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #now: () => number;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isPending = false;
  #answer: Promise<string | undefined> = Promise.resolve(undefined);
  #logged: string | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Resolves with the reason, or undefined if the application is ready. The answer may be one second old. */
  whyNot(): Promise<string | undefined> {
    if (!this.#isPending && this.#now() - this.#askedAt >= ASK_EVERY_MS) {
      this.#askedAt = this.#now();
      this.#answer = this.#ask();
    }
    return this.#answer;
  }

  async #ask(): Promise<string | undefined> {
    const { ready, onAnswer, answerWithinMs = ANSWER_WITHIN_MS } = this.#options;
    this.#isPending = true;
    const { reason, stack } = await answerWithin(answerWithinMs, ready);
    this.#isPending = false;
    if (reason === undefined && this.#logged !== undefined) log('info', 'ready');
    if (reason !== undefined && reason !== this.#logged) log('warn', 'not ready', { reason, stack });
    this.#logged = reason;
    onAnswer(reason);
    return reason;
  }
}

/** Never rejects. A call that takes longer is abandoned. */
async function answerWithin(ms: number, ready: NonNullable<App['ready']>): Promise<Answer> {
  const { promise: late, resolve } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => resolve({ reason: `ready() did not answer within ${ms} ms` }), ms);
  try {
    return await Promise.race([call(ready), late]);
  } catch (error) {
    const { error: message, stack } = describeError(error);
    return { reason: String(message).slice(0, MAX_REASON), stack };
  } finally {
    clearTimeout(timer);
  }
}

async function call(ready: NonNullable<App['ready']>): Promise<Answer> {
  const answer: unknown = await ready();
  if (answer === true) return { reason: undefined };
  const reason = typeof answer === 'string' && answer !== '' ? answer : `ready() returned ${String(answer)}`;
  return { reason: reason.slice(0, MAX_REASON) };
}
