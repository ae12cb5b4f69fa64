import { closeSync, constants, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { AT_PID, AT_STARTED } from '../format/layout.ts';

/** The process id that the holder of a slot file left in it, as it sees itself; undefined where it has not yet. */
export function holderPid(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const fields = Buffer.alloc(AT_STARTED + 8 - AT_PID);
    if (readSync(fd, fields, 0, fields.length, AT_PID) < fields.length) return undefined;
    const pid = fields.readUInt32LE(0);
    // 0 while the slot is being taken: the process id is that of the holder before.
    return fields.readDoubleLE(AT_STARTED - AT_PID) > 0 && pid > 0 ? pid : undefined;
  } finally {
    closeSync(fd);
  }
}

/**
 * `pid 43`; marked where the process of that number here has not the slot file open, which shows that the holder runs in another
 * pid namespace, such as that of a container, and where this user may not see which files it has open.
 */
export function describePid(pid: number, path: string): string {
  const found = hasOpen(pid, path);
  if (found === undefined) return `pid ${pid} as it sees itself`;
  return found ? `pid ${pid}` : `pid ${pid} as it sees itself, in another pid namespace`;
}

/** Undefined where this user may not see it. */
function hasOpen(pid: number, path: string): boolean | undefined {
  try {
    const file = statSync(path);
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).some((fd) => isSame(file, `${directory}/${fd}`));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? false : undefined;
  }
}

function isSame(file: Stats, path: string): boolean {
  const other = statSync(path, { throwIfNoEntry: false });
  return other?.ino === file.ino && other.dev === file.dev;
}
