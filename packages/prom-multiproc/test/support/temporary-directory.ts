import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Something that runs a function when it is over: the context of a test. */
export interface Cleanup {
  after(run: () => void | Promise<void>): void;
}

const atExit: (() => void | Promise<void>)[] = [];

/** Of a program: it is over when the process ends. */
export const thisProcess: Cleanup = {
  after(run) {
    if (atExit.push(run) > 1) return;
    process.once('exit', () => {
      for (const one of atExit.reverse()) void one();
    });
  },
};

export interface Place {
  /** The directory to make it in: the machine's for temporary files, unless given. */
  readonly under?: string;
  /** What its name begins with. */
  readonly name?: string;
}

/**
 * An empty directory of this user, gone when its owner is over: at another try, where a process that is about to end puts
 * something in it.
 */
export function temporaryDirectory(
  owner: Cleanup,
  { under = tmpdir(), name = 'prom-multiproc-' }: Place = {},
): string {
  const path = mkdtempSync(join(under, name));
  owner.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 20 }));
  return path;
}
