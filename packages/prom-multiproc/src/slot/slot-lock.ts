import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_SLOTS, slotFileName } from '../format/layout.ts';
import type { Libc } from '../os/libc.ts';

/** A slot that this process holds until `fd` is closed or the process ends. */
export interface HeldSlot {
  readonly slot: number;
  readonly path: string;
  readonly fd: number;
}

/**
 * Takes the free slot with the lowest number that is at least `first`. Creates its file if it is missing.
 * @throws Error of `node:fs` if a file cannot be created or opened; Error if every slot is held.
 */
export function holdLowestFreeSlot(libc: Libc, directory: string, first = 0): HeldSlot {
  for (let slot = first; slot < MAX_SLOTS; slot++) {
    const path = join(directory, slotFileName(slot));
    const fd = tryHold(libc, path);
    if (fd !== undefined) return { slot, path, fd };
  }
  throw new Error(
    `no free slot in ${directory}: all ${MAX_SLOTS} are held by living processes. Stop some of them, or give each application its own directory`,
  );
}

/**
 * Locks one slot file and returns its descriptor. Creates the file if it is missing. Undefined if another process holds it, or if
 * the path is not a regular file that this user may open (such as a symlink or a FIFO).
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
      // A lock on a removed file succeeds, but no reader would find its counts.
      keep = isStillAt(path, stats);
      if (keep) return fd;
    } finally {
      if (!keep) closeSync(fd);
    }
  }
}

/** Whether another process holds the slot at `path`; false if there is no file. Acquires nothing. */
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
 * Replaces a held unborn file (created, but its header is not yet written) by a new one and locks the new one. Undefined if
 * another process was faster. The old file may be a truncated one. Processes that have read it must see a different file:
 * FORMAT.md#taking-a-slot.
 */
export function recreateHeld(libc: Libc, { slot, path, fd: old }: HeldSlot): HeldSlot | undefined {
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

/** Whether the file at `path` is the one that `held` describes. */
export function isStillAt(path: string, held: Stats): boolean {
  try {
    const now = lstatSync(path);
    return now.dev === held.dev && now.ino === held.ino;
  } catch {
    // Also false if the directory is missing, not a directory, or may not be searched.
    return false;
  }
}

const FOREIGN = new Set(['ELOOP', 'EISDIR', 'ENXIO', 'EACCES', 'EPERM']);

function isForeign(error: unknown): boolean {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined || !FOREIGN.has(code) || path === undefined) return false;
  // EACCES for a missing file is about the directory and would occur for every slot.
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
