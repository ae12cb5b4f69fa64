import { existsSync } from 'node:fs';
import {
  temporaryDirectory as directoryOf,
  thisProcess,
} from '../../../../packages/prom-multiproc/test/support/temporary-directory.ts';

const TMPFS = '/dev/shm';

/** A directory, in memory if the machine has /dev/shm. Removed when the process exits. */
export function temporaryDirectory(): string {
  return directoryOf(thisProcess, existsSync(TMPFS) ? { under: TMPFS } : {});
}
