import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Listening {
  readonly address: string;
  readonly port: number;
  /** Empty for processes of other users, unless root asks. */
  readonly pids: readonly number[];
}

/** Returns the TCP sockets of this machine that listen: `ss -ltn` of iproute2. */
export function listening(): Listening[] {
  const lines = execFileSync('ss', ['-ltnpH'], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, address, port] = /^\S+ +\d+ +\d+ +(\S+):(\d+) /.exec(line) ?? [];
    if (address === undefined) return [];
    return [
      { address, port: Number(port), pids: [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid)) },
    ];
  });
}

/** Returns the files that a process may write to: by a descriptor, or by a shared mapping. Files only: no sockets and pipes. */
export function writableFilesOf(pid: number): string[] {
  const open = readdirSync(`/proc/${pid}/fd`)
    .filter((fd) => isWritable(pid, fd))
    .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const mapped = readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => /^\S+ .w.s \S+ \S+ \S+ +(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set([...open, ...mapped])].filter((path) => path.startsWith('/'));
}

/** The access mode is in the two lowest bits of the flags: open(2). */
function isWritable(pid: number, fd: string): boolean {
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
  return (Number.parseInt(flags ?? '0', 8) & 3) !== 0;
}

/** Returns a field of /proc/PID/status: proc_pid_status(5). */
export function statusField(pid: number, field: string): string {
  const value = new RegExp(`^${field}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (value === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return value;
}

/** Returns the soft limit of a resource: proc_pid_limits(5). */
export function limitOf(pid: number, resource: string): string {
  const line = readFileSync(`/proc/${pid}/limits`, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(resource));
  if (line === undefined) throw new Error(`/proc/${pid}/limits has no ${resource}`);
  return line.slice(resource.length).trim().split(/\s+/)[0]!;
}

/** Returns the variables with which a process was started. */
export function environmentOf(pid: number): Map<string, string> {
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return new Map(variables.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));
}
