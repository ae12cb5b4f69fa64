/** One process inside a container, as `/proc/<pid>/stat` gives it. */
export interface ContainerProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** One letter: R, S, D running or sleeping, T stopped, Z dead and not yet reaped. */
  readonly state: string;
}

/** Reads lines of `/proc/<pid>/stat`. The command stands in brackets and may itself hold brackets and spaces. */
export function parseProcesses(stat: string): ContainerProcess[] {
  return stat
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^(\d+) \((.*)\) (\S) (\d+) /.exec(line);
      if (!match) throw new Error(`not a line of /proc/<pid>/stat: ${JSON.stringify(line)}`);
      const [, pid, command, state, parent] = match as unknown as string[];
      return { pid: Number(pid), parent: Number(parent), command: command!, state: state! };
    });
}
