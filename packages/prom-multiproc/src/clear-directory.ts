import { accessSync, closeSync, constants, lstatSync, readdirSync, type Stats, unlinkSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeForeign } from './format/foreign-file.ts';
import { slotOfFileName } from './format/layout.ts';
import { whyNotTrusted } from './os/directory-trust.ts';
import { type Libc, loadLibc } from './os/libc.ts';
import { makeAt, OpenDirectory, openParent, withPath } from './os/open-directory.ts';
import { describePid, holderPid } from './slot/holder-pid.ts';
import { NEW_DIRECTORY_MODE, whyNotOwn } from './slot/own-directory.ts';
import { isHeld, tryHold } from './slot/slot-lock.ts';

export interface ClearOptions {
  /** Owner the directory gets; numeric ids. Unchanged where undefined. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Permission bits the directory gets; unchanged, or 0o750 for a new one, where undefined. */
  readonly mode?: number | undefined;
  /** Longest wait for living holders of a slot, in milliseconds. */
  readonly waitMs: number;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
  /** Waits that many milliseconds. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

export interface Cleared {
  readonly directory: string;
  readonly created: boolean;
  /** Number of slot files removed. */
  readonly removed: number;
}

/** A directory that must not be cleared; the message names it and says why. Nothing was removed. */
export class ClearRefusedError extends Error {
  override readonly name = 'ClearRefusedError';
}

interface HeldFile {
  readonly path: string;
  readonly fd: number;
}

const POLL_MS = 50;
/** Most holders that a refusal names. */
const MAX_NAMED = 5;

/**
 * Makes `path` an empty metrics directory: creates it where there is none, else removes its slot files, all or none.
 * To be called before each start of the application and at no other time: whatever it counted is gone. As root it acts only where
 * no user but root and `uid` could put another directory in the place of this one.
 * @throws ClearRefusedError for a path that is relative, has `..` in it, is `/`, a symlink or no directory, for a directory
 *   that holds anything but slot files or is another user's, and where a living process still holds a slot after `waitMs`.
 */
export async function clearDirectory(path: string, options: ClearOptions): Promise<Cleared> {
  const directory = checkPath(path);
  const parent = openParent(directory, (found, at, holder) =>
    checkTrust(directory, at, whyNotTrusted(found, options.uid, options.gid, holder)),
  );
  try {
    const { opened, created } = openOrMake(directory, `${parent.path}/${basename(directory)}`);
    try {
      checkOwner(directory, opened.stats(), options);
      const held = await holdAll(directory, opened.path, slotFiles(directory, opened.path), options);
      try {
        giveTo(directory, opened, options);
        for (const { path } of held) unlinkSync(path);
      } finally {
        for (const { fd } of held) closeSync(fd);
      }
      return { directory, created, removed: held.length };
    } finally {
      opened.close();
    }
  } finally {
    parent.close();
  }
}

function checkPath(path: string): string {
  if (!isAbsolute(path)) throw refusal(path, 'it is a relative path; give an absolute one');
  if (path.split('/').includes('..')) throw refusal(path, "it has '..' in it; give the directory's own path");
  const directory = resolve(path);
  if (directory === '/') throw refusal(path, 'it is the root of the file system');
  // Elsewhere a directory cannot be worked on but by its path, which its owner may swap for a symlink.
  if (process.platform !== 'linux' && process.geteuid?.() === 0)
    throw refusal(path, "root clears a directory on Linux only; run it as the application's user");
  return directory;
}

function openOrMake(directory: string, at: string): { opened: OpenDirectory; created: boolean } {
  const found = lstatSync(at, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) throw refusal(directory, 'it is a symlink; give the directory itself');
  if (found !== undefined && !found.isDirectory()) throw refusal(directory, 'it is not a directory');
  try {
    const created = found === undefined && makeAt(at, NEW_DIRECTORY_MODE);
    return { opened: OpenDirectory.open(at), created };
  } catch (error) {
    throw withPath(error, directory);
  }
}

function checkTrust(directory: string, at: string, reason: string | undefined): void {
  if (process.geteuid?.() !== 0 || reason === undefined) return;
  throw refusal(
    directory,
    `${at} ${reason}, who could put another directory in its place while root works on it; run it as the application's user, or give that user`,
  );
}

/** Ordinary users clear what is theirs. Root clears what is its own, and what is of the user that the directory is for. */
function checkOwner(directory: string, stats: Stats, { uid }: ClearOptions): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot && [0, uid].includes(stats.uid)) return;
  const reason = isRoot
    ? `belongs to user id ${stats.uid}: run it as that user, or give that user`
    : whyNotOwn(directory, stats);
  if (reason !== undefined) throw refusal(directory, `it ${reason}`);
}

function giveTo(directory: string, opened: OpenDirectory, { uid, gid, mode }: ClearOptions): void {
  const now = opened.stats();
  const owner = { uid: uid ?? now.uid, gid: gid ?? now.gid };
  try {
    if (owner.uid !== now.uid || owner.gid !== now.gid) opened.setOwner(owner.uid, owner.gid);
    if (mode !== undefined) opened.setMode(mode);
  } catch (error) {
    throw withPath(error, directory);
  }
}

function slotFiles(directory: string, path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).map((entry) => {
    if (slotOfFileName(entry.name) === undefined || !entry.isFile()) {
      throw refusal(directory, `it holds ${describeForeign(entry.name)}; give a directory of its own`);
    }
    return entry.name;
  });
}

async function holdAll(
  directory: string,
  opened: string,
  files: readonly string[],
  { waitMs, now = () => performance.now(), pause = delay }: ClearOptions,
): Promise<HeldFile[]> {
  // So that an application can start on a platform that cannot share.
  if (files.length === 0) return [];
  const libc = loadLibc();
  const paths = files.map((file) => join(opened, file));
  const deadline = now() + waitMs;
  for (;;) {
    const foreign = paths.find((path) => !mayWrite(path));
    if (foreign !== undefined)
      throw refusal(directory, `this user may not write ${basename(foreign)}; run it as the file's owner`);
    const held = tryHoldAll(libc, paths);
    if ('all' in held) return held.all;
    if (now() >= deadline) throw refusal(directory, describeHolders(held.busy, waitMs / 1000));
    await pause(POLL_MS);
  }
}

/**
 * All of them or none. While one is held by a living process it takes no other either: a worker that starts meanwhile
 * would find the slots of the dead held, and make one more.
 */
function tryHoldAll(libc: Libc, paths: readonly string[]): { all: HeldFile[] } | { busy: string[] } {
  const busy = paths.filter((path) => isHeld(libc, path));
  if (busy.length > 0) return { busy };
  const all: HeldFile[] = [];
  let isWhole = false;
  try {
    for (const path of paths) {
      const fd = tryHold(libc, path);
      if (fd === undefined) return { busy: [path] };
      all.push({ path, fd });
    }
    isWhole = true;
    return { all };
  } finally {
    if (!isWhole) for (const { fd } of all) closeSync(fd);
  }
}

function describeHolders(busy: readonly string[], seconds: number): string {
  const what = busy.length === 1 ? basename(busy[0]!) : `${busy.length} slots`;
  const pids = new Map(busy.map((path) => [holderPid(path), path] as const));
  // Of one that is just starting.
  pids.delete(undefined);
  const named = [...pids].slice(0, MAX_NAMED).map(([pid, path]) => describePid(pid!, path));
  const more = pids.size > MAX_NAMED ? ` and ${pids.size - MAX_NAMED} more` : '';
  const who = named.length === 0 ? '' : `: ${named.join(', ')}${more}`;
  return pids.size > 1
    ? `living processes still hold ${what} after ${seconds} s${who}; stop them first`
    : `a living process still holds ${what} after ${seconds} s${who}; stop it first`;
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS';
  }
}

function refusal(path: string, reason: string): ClearRefusedError {
  return new ClearRefusedError(`refusing to clear ${JSON.stringify(path)}: ${reason}`);
}
