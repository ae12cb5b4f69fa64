import { readSync } from 'node:fs';

/** Reads `length` bytes at `position`, fewer only at the end of the file. @returns the number of bytes read. */
export function readFully(fd: number, target: Uint8Array, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const got = readSync(fd, target, done, length - done, position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}
