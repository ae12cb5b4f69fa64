import { parseExit } from '../account/deaths.ts';

/**
 * Most workers alive at one time, by the application's log. It misses nobody, however short a life: a worker is told of before
 * it can take a slot, and ends after it let go of it. Whoever asks now and then does not see those between two answers.
 */
export class Headcount {
  /** Since the application began to live. Not in order: an end may be told after its successor's start. */
  #changes: Change[] = [];
  #beside = 0;
  #primary: number | undefined;
  readonly #alive = new Set<number>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get most(): number {
    let [alive, most] = [0, 0];
    for (const { by } of this.#changes.toSorted(inOrder)) {
      alive += by;
      most = Math.max(most, alive);
    }
    return most;
  }

  /** Workers of another instance on the same directory, whose log nobody reads. */
  set beside(count: number) {
    this.#changes.push({ at: this.#now(), by: count - this.#beside });
    this.#beside = count;
  }

  /** A line of the application's log. */
  take(line: string): void {
    const started = parseStart(line);
    if (started !== undefined) this.#started(started);
    const exit = parseExit(line);
    if (exit !== undefined && this.#alive.delete(exit.pid)) this.#changes.push({ at: exit.endedAt, by: -1 });
  }

  #started({ primary, pid, at }: Start): void {
    // With a primary die all its workers, and nobody tells.
    if (primary !== this.#primary) {
      this.#alive.clear();
      this.#changes = [{ at: Number.NEGATIVE_INFINITY, by: this.#beside }];
    }
    this.#primary = primary;
    if (this.#alive.has(pid)) return;
    this.#alive.add(pid);
    this.#changes.push({ at, by: 1 });
  }
}

interface Change {
  readonly at: number;
  readonly by: number;
}

/** Of the same millisecond an end comes first: a successor is started after it. */
function inOrder(a: Change, b: Change): number {
  return a.at - b.at || a.by - b.by;
}

interface Start {
  readonly primary: number;
  readonly pid: number;
  readonly at: number;
}

function parseStart(line: string): Start | undefined {
  if (!line.startsWith('{') || !line.includes('"starting a worker"')) return undefined;
  const { time, pid, worker_pid } = JSON.parse(line) as { time: string; pid: number; worker_pid: number };
  return { primary: pid, pid: worker_pid, at: Date.parse(time) };
}
