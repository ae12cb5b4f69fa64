export type Level = 'info' | 'warn' | 'error';

/** One JSON object a line on stdout: time, level, pid, msg, then the fields of the event. */
export function log(level: Level, msg: string, fields: Record<string, unknown> = {}): void {
  const line = { time: new Date().toISOString(), level, pid: process.pid, msg, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** What a log line needs of an error: its message to search for, its stack to find the place. */
export function describeError(error: unknown): Record<string, unknown> {
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}
