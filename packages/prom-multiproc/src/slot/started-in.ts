import { closeSync, openSync, readSync } from 'node:fs';
import { AT_STARTED } from '../format/layout.ts';

/** The field `started` of the slot file at `path`, opened with `flags`; 0 if it is too short. */
export function startedIn(path: string, flags: number): number {
  const fd = openSync(path, flags);
  try {
    const field = Buffer.alloc(8);
    readSync(fd, field, 0, field.length, AT_STARTED);
    return field.readDoubleLE(0);
  } finally {
    closeSync(fd);
  }
}
