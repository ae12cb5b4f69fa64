import { readdirSync, readFileSync } from 'node:fs';
import { parseProcesses, type StackProcess } from './processes.ts';

/** Returns the processes of this machine. */
export function hostProcesses(): StackProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => parseProcesses(readIfExists(`/proc/${pid}/stat`)));
}

/**
 * Returns the processes of a session. supervisord begins one, and its programs stay in it, also after its end. Processes that have exited
 * are left out: the first process of a machine may take its time to wait for them.
 */
export function processesOfSession(session: number): StackProcess[] {
  return hostProcesses().filter((process) => process.session === session && process.state !== 'Z');
}

/** Returns the start time of a process in clock ticks since boot; undefined if it has exited. */
export function startTimeOf(pid: number): string | undefined {
  return statFields(pid)?.[19];
}

/**
 * Returns the fields of /proc/PID/stat after the command, which may contain spaces; undefined if the process has exited. Index 0 is
 * field 3 of proc_pid_stat(5).
 */
export function statFields(pid: number): readonly string[] | undefined {
  const stat = readIfExists(`/proc/${pid}/stat`);
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Returns the text of a file in /proc; empty if the process has exited. */
export function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
