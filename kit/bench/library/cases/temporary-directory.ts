import { existsSync } from 'node:fs';
import {
  temporaryDirectory as directoryOf,
  thisProcess,
} from '../../../../packages/prom-multiproc/test/support/temporary-directory.ts';

const TMPFS = '/dev/shm';

/** A directory in memory where there is such a place, as the README of the library advises; gone when the process ends. */
export function temporaryDirectory(): string {
  return directoryOf(thisProcess, existsSync(TMPFS) ? { under: TMPFS } : {});
}
