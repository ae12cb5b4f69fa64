import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dockerClient } from '../../kit/test-kit/docker.ts';

/** Delay before it attaches again: the engine ends the stream when the container stops. */
const REATTACH_MS = 200;
/** Log time that is read again when it attaches again. */
const OVERLAP_MS = 5_000;

export interface LogLine {
  /** Timestamp of the engine, with nanoseconds. */
  readonly timestamp: string;
  readonly text: string;
}

/**
 * Passes each line of a container's stdout and stderr on once, over restarts of the container. It follows the log, so log rotation
 * loses no line.
 */
export class LogFollower {
  readonly #containerId: string;
  readonly #onLine: (line: LogLine) => void;
  readonly #seen = new SeenLines(2 * OVERLAP_MS);
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: string | undefined;
  #from: string | undefined;
  #closed = false;

  /** @param from leaves out older lines */
  constructor(containerId: string, onLine: (line: LogLine) => void, from?: Date) {
    this.#containerId = containerId;
    this.#onLine = onLine;
    this.#from = from?.toISOString();
    this.#attach();
  }

  /** Reads again from an earlier time. Lines older than the overlap are passed on twice. */
  again(fromMs: number): void {
    this.#from = new Date(fromMs).toISOString();
    this.#child?.kill();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#child?.kill();
  }

  #attach(): void {
    const from = this.#from ?? (this.#last && earlier(this.#last, OVERLAP_MS));
    const since = from === undefined ? [] : ['--since', from];
    this.#from = undefined;
    const child = spawn(dockerClient(), ['logs', '--follow', '--timestamps', ...since, this.#containerId], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
    child.once('close', () => {
      if (!this.#closed) this.#timer = setTimeout(() => this.#attach(), REATTACH_MS);
    });
  }

  #take(line: string): void {
    const [, timestamp, text] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/.exec(line) ?? [];
    // Other lines are messages of the engine.
    if (timestamp === undefined || text === undefined) return;
    if (!this.#seen.isNew(timestamp, line)) return;
    if (this.#last === undefined || timestamp > this.#last) this.#last = timestamp;
    this.#onLine({ timestamp, text });
  }
}

export function earlier(timestamp: string, ms: number): string {
  return new Date(Date.parse(timestamp) - ms).toISOString();
}

/** Recognises lines that were seen within the last `windowMs` of log time. */
export class SeenLines {
  readonly #windowMs: number;
  /** Two generations of lines: when the younger spans `windowMs`, it replaces the older. */
  #young = new Set<string>();
  #old = new Set<string>();
  #youngSince: number | undefined;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  isNew(timestamp: string, line: string): boolean {
    const at = Date.parse(timestamp);
    this.#youngSince ??= at;
    if (at - this.#youngSince > this.#windowMs) {
      this.#old = this.#young;
      this.#young = new Set();
      this.#youngSince = at;
    }
    if (this.#young.has(line) || this.#old.has(line)) return false;
    this.#young.add(line);
    return true;
  }
}
