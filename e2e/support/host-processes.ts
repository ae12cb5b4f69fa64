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
  const stat = readIfExists(`/proc/${pid}/stat`);
  // Field 22; the fields after the command begin with field 3.
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** A process may exit between the listing and the read. */
function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
