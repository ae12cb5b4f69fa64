import { closeSync, constants, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { AT_PID, AT_STARTED } from '../format/layout.ts';

/** The pid in the header of a slot file, in the holder's PID namespace; undefined if there is none (yet) or no file. */
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
    // While `started` is 0, the slot is being taken and the pid is that of the previous holder.
    return fields.readDoubleLE(AT_STARTED - AT_PID) > 0 && pid > 0 ? pid : undefined;
  } finally {
    closeSync(fd);
  }
}

/**
 * Describes the holder of the slot file at `path`: `pid 43`, with a note if this pid may mean another process here. If the process
 * does not have the file open, the holder runs in another PID namespace
 * ([pid_namespaces(7)](https://man7.org/linux/man-pages/man7/pid_namespaces.7.html)), such as a container.
 */
export function describePid(pid: number, path: string): string {
  const found = hasOpen(pid, path);
  if (found === undefined) return `pid ${pid}, possibly in another PID namespace`;
  return found ? `pid ${pid}` : `pid ${pid} in another PID namespace`;
}

/** Undefined if this user may not list the open files of the process. */
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
