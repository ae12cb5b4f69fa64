import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Something that runs a function when a test is over: the context of a test. */
export interface Cleanup {
  after(run: () => void | Promise<void>): void;
}

/** An empty directory of this user, gone after the test: at another try, where a process that is about to end puts something in it. */
export function temporaryDirectory(test: Cleanup): string {
  const path = mkdtempSync(join(tmpdir(), 'prom-multiproc-'));
  test.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 20 }));
  return path;
}
