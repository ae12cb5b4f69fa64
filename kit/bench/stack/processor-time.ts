/** Linux reports 100 ticks per second to programs (USER_HZ, time(7)), whatever the kernel's own tick rate is. */
const TICK_MICROSECONDS = 10_000;

/** Processor time of processes in microseconds. `stats` has one line of `/proc/<pid>/stat` for each. @throws Error on other text */
export function processorMicroseconds(stats: string): number {
  const lines = stats.trim().split('\n');
  return lines.map(ticksOf).reduce((sum, ticks) => sum + ticks, 0) * TICK_MICROSECONDS;
}

/** Fields 14 and 15, utime and stime (proc_pid_stat(5)). Field 2, the program's name in parentheses, may contain any character. */
function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isInteger(ticks)) throw new Error(`not a line of /proc/<pid>/stat: "${stat}"`);
  return ticks;
}
