import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dockerClient } from '../../kit/test-kit/docker.ts';

/** The engine ends the stream when the container stops: so soon after, it is asked again. */
const REATTACH_MS = 200;
/** How far back it reads when it attaches again. */
const OVERLAP_MS = 5_000;

export interface LogLine {
  /** Nanoseconds included: as the engine writes it. */
  readonly timestamp: string;
  readonly text: string;
}

/**
 * Each line of a container's log once, of both its outputs, over restarts of the container. It reads the log as it is written, so
 * that rotation loses nothing: only the last files of it are kept.
 */
export class LogFollower {
  readonly #containerId: string;
  readonly #onLine: (line: LogLine) => void;
  readonly #once = new OnceOnly(2 * OVERLAP_MS);
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: string | undefined;
  #from: string | undefined;
  #closed = false;

  /** @param from leaves out what was written before */
  constructor(containerId: string, onLine: (line: LogLine) => void, from?: Date) {
    this.#containerId = containerId;
    this.#onLine = onLine;
    this.#from = from?.toISOString();
    this.#attach();
  }

  /** Reads on from an earlier time, where something is missing: further back than the overlap, lines come again. */
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
    // Else the engine says why it has no more.
    if (timestamp === undefined || text === undefined) return;
    if (!this.#once.isNew(timestamp, line)) return;
    if (this.#last === undefined || timestamp > this.#last) this.#last = timestamp;
    this.#onLine({ timestamp, text });
  }
}

export function earlier(timestamp: string, ms: number): string {
  return new Date(Date.parse(timestamp) - ms).toISOString();
}

/** Tells lines that were seen already, within `windowMs` of log time, from new ones. */
export class OnceOnly {
  readonly #windowMs: number;
  /** Two generations: when the younger is full of old lines, the older is dropped. */
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
