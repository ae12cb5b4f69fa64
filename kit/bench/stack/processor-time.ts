/** Linux tells every program of a hundred ticks a second, whatever the kernel's own clock is. */
const TICK_MICROSECONDS = 10_000;

/** Microseconds that the processes have had, of the texts of their `/proc/<pid>/stat`, a line each. */
export function processorMicroseconds(stats: string): number {
  const lines = stats.trim().split('\n');
  return lines.map(ticksOf).reduce((sum, ticks) => sum + ticks, 0) * TICK_MICROSECONDS;
}

/** User and system time, the 14th and 15th field. The second is the program's name in brackets, which may hold anything. */
function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isInteger(ticks)) throw new Error(`not what /proc/<pid>/stat holds: "${stat}"`);
  return ticks;
}
