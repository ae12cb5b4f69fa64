import { parseExit } from '../account/worker-exits.ts';

/**
 * Largest number of workers alive at one time, from the app's log. Unlike polling it sees every worker: the start is logged before the
 * worker can take a slot, and the exit comes after the slot is released.
 */
export class ProcessCount {
  /** Changes since the app started. Not in order: an exit may be logged after the start of its successor. */
  #changes: Change[] = [];
  #otherInstance = 0;
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

  /** Number of workers of another instance on the same directory, whose log is not read. */
  set otherInstance(count: number) {
    this.#changes.push({ at: this.#now(), by: count - this.#otherInstance });
    this.#otherInstance = count;
  }

  /** Takes a line of the app's log. */
  take(line: string): void {
    const started = parseStart(line);
    if (started !== undefined) this.#started(started);
    const exit = parseExit(line);
    if (exit !== undefined && this.#alive.delete(exit.pid)) this.#changes.push({ at: exit.endedAt, by: -1 });
  }

  #started({ primary, pid, at }: Start): void {
    // The workers of a killed primary exit without log lines.
    if (primary !== this.#primary) {
      this.#alive.clear();
      this.#changes = [{ at: Number.NEGATIVE_INFINITY, by: this.#otherInstance }];
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

/** Within one millisecond an exit comes first: its successor starts after it. */
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
