import { parseExit } from './deaths.ts';

/**
 * Most workers alive at one time, by the application's log. It misses nobody, however short a life: a worker is told of before
 * it can take a slot, and of its end after it let go of it. Whoever asks now and then does not see those between two answers.
 */
export class Headcount {
  /** Since the application began to live. */
  most = 0;
  #beside = 0;
  #primary: number | undefined;
  readonly #alive = new Set<number>();

  /** Workers of another instance on the same directory, whose log nobody reads. */
  set beside(count: number) {
    this.#beside = count;
    this.#count();
  }

  /** A line of the application's log. */
  take(line: string): void {
    const started = parseStart(line);
    if (started !== undefined) this.#started(started);
    const exit = parseExit(line);
    if (exit !== undefined) this.#alive.delete(exit.pid);
  }

  #started({ primary, pid }: Start): void {
    // With a primary die all its workers, and nobody tells.
    if (primary !== this.#primary) {
      this.#alive.clear();
      this.most = 0;
    }
    this.#primary = primary;
    this.#alive.add(pid);
    this.#count();
  }

  #count(): void {
    this.most = Math.max(this.most, this.#alive.size + this.#beside);
  }
}

interface Start {
  readonly primary: number;
  readonly pid: number;
}

function parseStart(line: string): Start | undefined {
  if (!line.startsWith('{') || !line.includes('"starting a worker"')) return undefined;
  const { pid, workerPid } = JSON.parse(line) as { pid: number; workerPid: number };
  return { primary: pid, pid: workerPid };
}
