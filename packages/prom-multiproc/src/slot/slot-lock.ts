import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SLOTS, slotFileName } from '../format/layout.ts';
import type { Libc } from '../os/libc.ts';

/** A slot that this process holds until `fd` is closed or the process ends, however it ends. */
export interface HeldSlot {
  readonly slot: number;
  readonly path: string;
  readonly fd: number;
}

/**
 * Takes the lowest slot from `first` on whose lock is free, making its file where there is none.
 * @throws Error of `node:fs` where a file cannot be made or opened; Error where every slot is held.
 */
export function holdLowestFreeSlot(libc: Libc, directory: string, first = 0): HeldSlot {
  for (let slot = first; slot < MAX_SLOTS; slot++) {
    const path = join(directory, slotFileName(slot));
    const fd = tryHold(libc, path);
    if (fd !== undefined) return { slot, path, fd };
  }
  throw new Error(`no free slot in ${directory}: all ${MAX_SLOTS} are held by living processes`);
}

/**
 * Takes the lock of one slot file, making the file where there is none; undefined where another process holds it, or
 * where the path is no regular file of ours (a symlink, a FIFO): such a slot is left alone.
 */
export function tryHold(libc: Libc, path: string): number | undefined {
  for (;;) {
    let fd: number;
    try {
      fd = openSync(
        path,
        constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
        0o640,
      );
    } catch (error) {
      if (isForeign(error)) return undefined;
      throw error;
    }
    let keep = false;
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile() || !libc.tryLock(fd)) return undefined;
      // A lock on an unlinked file succeeds, and its holder would count into nothing.
      keep = isStillAt(path, stats);
      if (keep) return fd;
    } finally {
      if (!keep) closeSync(fd);
    }
  }
}

/** Whether another process holds the slot at `path`, without taking it; false where there is no such file. */
export function isHeld(libc: Libc, path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  try {
    return libc.isLockedByAnother(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Puts an empty file in place of a held one and holds that. A file that was cut to nothing passes for unborn: those who
 * have read it must be able to tell it from what is counted in it from now on. Undefined where another was quicker.
 */
export function holdAnew(libc: Libc, { slot, path, fd: old }: HeldSlot): HeldSlot | undefined {
  let fd: number | undefined;
  try {
    unlinkSync(path);
    fd = openSync(
      path,
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o640,
    );
    if (libc.tryLock(fd) && isStillAt(path, fstatSync(fd))) return { slot, path, fd };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    closeSync(old);
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

/** Whether the path still shows the file that `held` was asked of. */
export function isStillAt(path: string, held: Stats): boolean {
  try {
    const now = lstatSync(path);
    return now.dev === held.dev && now.ino === held.ino;
  } catch {
    // Nor where the directory is no directory any more, or may not be searched.
    return false;
  }
}

const FOREIGN = new Set(['ELOOP', 'EISDIR', 'ENXIO', 'EACCES', 'EPERM']);

function isForeign(error: unknown): boolean {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined || !FOREIGN.has(code) || path === undefined) return false;
  // EACCES on making a new file is the directory's fault, which the next slot would share.
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
