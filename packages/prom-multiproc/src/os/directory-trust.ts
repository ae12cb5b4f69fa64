import type { Stats } from 'node:fs';

const STICKY = 0o1000;
const GROUP_MAY_WRITE = 0o020;
const OTHERS_MAY_WRITE = 0o002;

/**
 * Why root does not act below a directory, or through a symlink: a user other than root and the one whose directory it is to be
 * could put something else in its place. Undefined where it may. A symlink comes with the directory that holds it.
 */
export function whyNotTrusted(
  found: Stats,
  owner: number | undefined,
  group: number | undefined,
  holder?: Stats,
): string | undefined {
  const { uid, gid, mode } = found;
  if (found.isSymbolicLink()) return whyNotFollowed(found, holder!);
  if (uid !== 0 && uid !== owner) return `belongs to user id ${uid}`;
  if ((mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_MAY_WRITE) !== 0) return 'may be written by every user';
  if ((mode & GROUP_MAY_WRITE) !== 0 && gid !== 0 && gid !== group)
    return `may be written by group id ${gid}`;
  return undefined;
}

/** Root's symlinks lead only where root meant them to: the application may rename or link those that lie in its own directory. */
function whyNotFollowed({ uid, nlink }: Stats, holder: Stats): string | undefined {
  if (uid !== 0) return `is a symlink of user id ${uid}`;
  // A hard link to a symlink of root, made by a user where the kernel's protected_hardlinks is off.
  if (nlink > 1) return `is a symlink with ${nlink} names, one of them perhaps made by another user`;
  const reason = whyNotTrusted(holder, undefined, undefined);
  return reason && `is a symlink in a directory that ${reason}`;
}
