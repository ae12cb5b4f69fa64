import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { atEachChange } from './each-change.ts';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';

export const CRASHED_FILE = 'slot-0.metrics';

/** Copies of a slot file, one for each state in which the process could have been killed. */
export class CrashPoints {
  readonly copies: { directory: string; after: string }[] = [];
  readonly #root: string;
  readonly #live: string;

  constructor(test: Cleanup, live: string) {
    this.#root = temporaryDirectory(test);
    this.#live = join(live, CRASHED_FILE);
  }

  /** Runs `setUp`, then `act`. Copies the file at the beginning of `act` and after each change. */
  during(act: () => void, setUp: () => void = () => {}): void {
    let acts = false;
    const onChange = (after: string) => {
      if (acts) this.#take(after);
    };
    atEachChange(this.#live, onChange, () => {
      setUp();
      acts = true;
      this.#take('nothing');
      act();
    });
  }

  #take(after: string): void {
    if (!existsSync(this.#live)) return;
    const directory = join(this.#root, String(this.copies.length));
    mkdirSync(directory);
    copyFileSync(this.#live, join(directory, CRASHED_FILE));
    this.copies.push({ directory, after });
  }
}
