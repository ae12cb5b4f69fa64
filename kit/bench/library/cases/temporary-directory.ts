import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TMPFS = '/dev/shm';

/** A directory in memory where there is such a place, as the README of the library advises; gone when the process ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(existsSync(TMPFS) ? TMPFS : tmpdir(), 'prom-multiproc-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}
