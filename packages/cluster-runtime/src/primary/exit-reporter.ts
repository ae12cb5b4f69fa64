import { setTimeout as delay } from 'node:timers/promises';
import { describeError, log } from '../core/log.ts';
import { exitReason, KernelOomKills } from './exit-reason.ts';
import { type LastWords, listenForLastWords } from './stderr-tail.ts';
import type { Member } from './worker-process.ts';

/** Longest wait for the last of what a dead worker wrote. */
const LAST_WORDS_MS = 1000;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** When its successor starts; undefined where it has none. */
  readonly delayMs: number | undefined;
}

/** Finds out why workers ended, and tells it: to the log, to the metrics, and to those who wait for a worker. */
export class Exits {
  readonly #onExit: (reason: string) => void;
  readonly #lastWords = new WeakMap<Member, LastWords>();
  readonly #oomKills = new KernelOomKills();
  #untold = 0;

  constructor(onExit: (reason: string) => void) {
    this.#onExit = onExit;
  }

  /** To be called at its start: the reason may be in what it writes. */
  follow(member: Member): void {
    this.#lastWords.set(member, listenForLastWords(member.worker.process.stderr, process.stderr));
  }

  /** Those that ended, but of which it is not said yet why. */
  get untold(): number {
    return this.#untold;
  }

  /** Says why a worker ended, once that is known, and only then that it is gone. */
  async tell(member: Member, exit: Exit): Promise<void> {
    this.#untold += 1;
    const endedAt = new Date().toISOString();
    const reason = await this.#reasonOf(member, exit);
    this.#onExit(reason);
    const { delayMs, code, signal } = exit;
    const fields = { worker: member.worker.id, workerPid: member.pid, code, signal, reason, endedAt };
    if (delayMs === undefined) log('info', 'worker ended', fields);
    else log('warn', 'worker died, replacing it', { ...fields, delayMs });
    member.ready.reject(new Error(startFailure(member, reason)));
    member.gone.resolve();
    this.#untold -= 1;
  }

  async #reasonOf(member: Member, { code, signal }: Exit): Promise<string> {
    const words = this.#lastWords.get(member)!;
    if (signal !== null && signal !== 'SIGKILL') await Promise.race([words.end, delay(LAST_WORDS_MS)]);
    try {
      return exitReason(member, code, signal, words.heapWasFull(), () => this.#oomKills.take());
    } catch (error) {
      log('error', 'the kernel does not say whether it killed a worker for memory', describeError(error));
      return signal ?? 'exit';
    }
  }
}

function startFailure(member: Member, reason: string): string {
  const why = member.cannotShare === undefined ? reason : `cannot share its metrics: ${member.cannotShare}`;
  return `the new worker ${member.pid} did not become ready (${why}); its own log lines say more`;
}
