/** One process of a stack: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html. */
export interface StackProcess {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly command: string;
  /** One letter: R running, S or D sleeping, T stopped, Z zombie. */
  readonly state: string;
}

/** Parses lines of `/proc/<pid>/stat`. The command is in parentheses and may itself contain parentheses and spaces. */
export function parseProcesses(stat: string): StackProcess[] {
  return stat
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^(\d+) \((.*)\) (\S) (\d+) \d+ (\d+) /.exec(line);
      if (!match) throw new Error(`not a line of /proc/<pid>/stat: ${JSON.stringify(line)}`);
      const [, pid, command, state, parent, session] = match as unknown as string[];
      return {
        pid: Number(pid),
        parent: Number(parent),
        session: Number(session),
        command: command!,
        state: state!,
      };
    });
}
