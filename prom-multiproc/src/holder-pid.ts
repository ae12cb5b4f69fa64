import { closeSync, constants, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { AT_PID, AT_STARTED } from './format.ts';

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
 * `pid 43`, marked where the process of that number here is not the one that has the slot file open: the holder runs in
 * another pid namespace, such as that of a container.
 */
export function describePid(pid: number, path: string): string {
  return hasOpen(pid, path) ? `pid ${pid}` : `pid ${pid} as it sees itself, in another pid namespace`;
}

/** True also of a process whose files this user may not see. */
function hasOpen(pid: number, path: string): boolean {
  try {
    const file = statSync(path);
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).some((fd) => isSame(file, `${directory}/${fd}`));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function isSame(file: Stats, path: string): boolean {
  const other = statSync(path, { throwIfNoEntry: false });
  return other?.ino === file.ino && other.dev === file.dev;
}
