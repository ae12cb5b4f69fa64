import fs, { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { atEachStore } from './each-store.ts';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';

export const CRASHED_FILE = 'slot-0.metrics';

/** Copies of a slot file, one for each point at which the process could have been killed. */
export class CrashPoints {
  readonly copies: { directory: string; before: string }[] = [];
  readonly #root: string;
  readonly #live: string;

  constructor(test: Cleanup, live: string) {
    this.#root = temporaryDirectory(test);
    this.#live = join(live, CRASHED_FILE);
  }

  take(before: string): void {
    if (!fs.existsSync(this.#live)) return;
    const directory = join(this.#root, String(this.copies.length));
    mkdirSync(directory);
    copyFileSync(this.#live, join(directory, CRASHED_FILE));
    this.copies.push({ directory, before });
  }

  /** Runs `act`, and copies the file before each write and after the last one. */
  during(act: () => void): void {
    atEachStore((before) => this.take(before), act);
    this.take('the end');
  }
}
