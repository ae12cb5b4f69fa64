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
  /** Numeric user id that the directory gets. Default: unchanged. */
  readonly uid?: number | undefined;
  /** Numeric group id that the directory gets. Default: unchanged. */
  readonly gid?: number | undefined;
  /** Permission bits that the directory gets. Default: unchanged, or 0o750 for a new directory. */
  readonly mode?: number | undefined;
  /** Longest wait for living processes that hold a slot, in milliseconds. */
  readonly waitMs: number;
  /** Monotonic clock in milliseconds; for tests. */
  readonly now?: () => number;
  /** Timer in milliseconds; for tests. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** Result of `clearDirectory()`. */
export interface Cleared {
  /** Absolute path of the directory. */
  readonly directory: string;
  /** Whether the directory was missing and was created. */
  readonly created: boolean;
  /** Number of slot files removed. */
  readonly removed: number;
}

/** Thrown if a directory must not be cleared. The message names the path and the reason. Nothing was removed. */
export class ClearRefusedError extends Error {
  override readonly name = 'ClearRefusedError';
}

interface HeldFile {
  readonly path: string;
  readonly fd: number;
}

const POLL_MS = 50;
/** Maximum number of pids in a message. */
const MAX_NAMED = 5;
/** In a message, a holder whose pid is not in the slot file. */
const STARTING = 'just starting, no pid yet';

/**
 * Creates the metrics directory `path`, or removes all of its slot files, which resets every counter. Call it before each start
 * of the application, and at no other time.
 * @throws ClearRefusedError if the path is relative, contains `..`, or is `/`, a symlink or not a directory; if the directory
 *   belongs to another user or holds other files; if a living process still holds a slot after `waitMs`; or, as root, if a
 *   user other than root and `uid` could replace the directory. Nothing was removed.
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
  if (path.split('/').includes('..')) throw refusal(path, "it contains '..'; give the direct path");
  const directory = resolve(path);
  if (directory === '/')
    throw refusal(path, 'it is the root of the file system; give the metrics directory of the application');
  // Without /proc/self/fd only the path names the directory, and its owner could swap that for a symlink.
  if (process.platform !== 'linux' && process.geteuid?.() === 0)
    throw refusal(
      path,
      "root can clear a directory on Linux only; run the command as the application's user",
    );
  return directory;
}

function openOrMake(directory: string, at: string): { opened: OpenDirectory; created: boolean } {
  const found = lstatSync(at, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) throw refusal(directory, 'it is a symlink; give the directory itself');
  if (found !== undefined && !found.isDirectory())
    throw refusal(directory, 'it is not a directory; remove it, or give another path');
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
    `${at} ${reason}, so another user could replace the directory while root clears it; run the command as the application's user, or call clearDirectory() with that user's \`uid\``,
  );
}

/** A user may clear its own directory. Root may also clear the directory of `uid`. */
function checkOwner(directory: string, stats: Stats, { uid }: ClearOptions): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot && [0, uid].includes(stats.uid)) return;
  const reason = isRoot
    ? `belongs to user id ${stats.uid}: run the command as that user, or call clearDirectory() with \`uid: ${stats.uid}\``
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
      throw refusal(directory, `it contains ${describeForeign(entry.name)}; use a separate directory`);
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
  // An empty directory needs no libc, which unsupported platforms cannot load.
  if (files.length === 0) return [];
  const libc = loadLibc();
  const paths = files.map((file) => join(opened, file));
  const deadline = now() + waitMs;
  for (;;) {
    for (const path of paths) {
      const reason = whyNoAccess(path);
      if (reason !== undefined) throw refusal(directory, reason);
    }
    const held = tryHoldAll(libc, paths);
    if ('all' in held) return held.all;
    if (now() >= deadline) throw refusal(directory, describeHolders(held.busy, waitMs / 1000));
    await pause(POLL_MS);
  }
}

/** Locks all files or none: a worker that starts during the wait must find free slots unlocked, or it would create another. */
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
  const slotsOf = new Map<string, number>();
  for (const path of busy) {
    const pid = holderPid(path);
    // A process that is taking its slot has not stored its pid yet.
    const who = pid === undefined ? STARTING : describePid(pid, path);
    slotsOf.set(who, (slotsOf.get(who) ?? 0) + 1);
  }
  // Only a pid of this PID namespace means one process: each container may have a pid 1.
  const isOne = busy.length === 1 || (slotsOf.size === 1 && /^pid \d+$/.test([...slotsOf.keys()][0]!));
  const named = [...slotsOf].map(([who, slots]) => (isOne || slots === 1 ? who : `${who} (${slots} slots)`));
  const more = named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} more` : '';
  const list = named.slice(0, MAX_NAMED).join(', ') + more;
  const isStarting = slotsOf.size === 1 && slotsOf.has(STARTING);
  const stop = isStarting
    ? 'try again, or stop the application first'
    : `stop ${isOne ? 'it' : 'them'} first`;
  return isOne
    ? `a living process still holds ${what} after ${seconds} s: ${list}; ${stop}`
    : `living processes still hold ${what} after ${seconds} s: ${list}; ${stop}`;
}

/** Why this user cannot lock the file at `path`, and what to do; undefined if it can or if the file is missing. */
function whyNoAccess(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const file = basename(path);
    if (code === 'EROFS') return `${file} is on a read-only file system; mount it read-write`;
    if (code !== 'EACCES' && code !== 'EPERM') return undefined;
    return `this user cannot read and write ${file}; run the command as its owner, who needs both permissions`;
  }
}

function refusal(path: string, reason: string): ClearRefusedError {
  return new ClearRefusedError(`refusing to clear ${JSON.stringify(path)}: ${reason}`);
}
