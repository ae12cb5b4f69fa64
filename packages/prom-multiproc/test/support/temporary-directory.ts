import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a function at its end, like the context of a test. */
export interface Cleanup {
  after(run: () => void | Promise<void>): void;
}

const atExit: (() => void | Promise<void>)[] = [];

/** For a program: runs the functions when the process exits. */
export const thisProcess: Cleanup = {
  after(run) {
    if (atExit.push(run) > 1) return;
    process.once('exit', () => {
      for (const one of atExit.reverse()) void one();
    });
  },
};

export interface Place {
  /** The parent directory; `os.tmpdir()` by default. */
  readonly under?: string;
  /** The beginning of its name. */
  readonly name?: string;
}

/** Creates an empty directory that is removed at the end of its owner. Retries if a process still creates files in it. */
export function temporaryDirectory(
  owner: Cleanup,
  { under = tmpdir(), name = 'prom-multiproc-' }: Place = {},
): string {
  const path = mkdtempSync(join(under, name));
  owner.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 20 }));
  return path;
}
