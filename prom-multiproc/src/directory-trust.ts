import type { Stats } from 'node:fs';

const STICKY = 0o1000;
const GROUP_MAY_WRITE = 0o020;
const OTHERS_MAY_WRITE = 0o002;

/**
 * Why root does not act below a directory, or through a symlink: a user other than root and the one whose directory it is to be
 * could put something else in its place. Undefined where it may.
 */
export function whyNotTrusted(
  found: Stats,
  owner: number | undefined,
  group: number | undefined,
): string | undefined {
  const { uid, gid, mode } = found;
  // A symlink of the application's own user could lead root anywhere.
  if (found.isSymbolicLink()) return uid === 0 ? undefined : `is a symlink of user id ${uid}`;
  if (uid !== 0 && uid !== owner) return `belongs to user id ${uid}`;
  if ((mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_MAY_WRITE) !== 0) return 'may be written by every user';
  if ((mode & GROUP_MAY_WRITE) !== 0 && gid !== 0 && gid !== group)
    return `may be written by group id ${gid}`;
  return undefined;
}
