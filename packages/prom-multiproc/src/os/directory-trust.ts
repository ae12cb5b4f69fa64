import type { Stats } from 'node:fs';

const STICKY = 0o1000;
const GROUP_MAY_WRITE = 0o020;
const OTHERS_MAY_WRITE = 0o002;

/**
 * Why root must not work below a directory or follow a symlink: a user other than root and `owner` could replace what is in it.
 * Undefined if root may. For a symlink, `holder` is the directory that contains it.
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
  if ((mode & OTHERS_MAY_WRITE) !== 0) return 'is writable by every user';
  if ((mode & GROUP_MAY_WRITE) !== 0 && gid !== 0 && gid !== group) return `is writable by group id ${gid}`;
  return undefined;
}

/** A symlink is followed only if root made it in a directory where no other user can rename or link it. */
function whyNotFollowed({ uid, nlink }: Stats, holder: Stats): string | undefined {
  if (uid !== 0) return `is a symlink of user id ${uid}`;
  // Any user may hard-link root's symlink if fs.protected_hardlinks is 0: https://docs.kernel.org/admin-guide/sysctl/fs.html
  if (nlink > 1) return `is a symlink with ${nlink} hard links, which another user may have made`;
  const reason = whyNotTrusted(holder, undefined, undefined);
  return reason && `is a symlink in a directory that ${reason}`;
}
