import { escapeControls } from './printable.ts';
import { requestId } from './request-context.ts';

export type Level = 'info' | 'warn' | 'error';

/** Of one field: a message may repeat what a client sent. */
const MOST_TEXT = 4096;

/**
 * One JSON object a line on stdout: time, level, pid, msg, then the fields of the event, control characters escaped. What is written while a request is
 * served carries its id, as nginx' access log does.
 */
export function log(level: Level, msg: string, fields: Record<string, unknown> = {}): void {
  const request_id = requestId();
  const line = { time: new Date().toISOString(), level, pid: process.pid, msg, request_id, ...fields };
  process.stdout.write(`${escapeControls(JSON.stringify(line, bounded))}\n`);
}

function bounded(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > MOST_TEXT ? `${value.slice(0, MOST_TEXT)} (cut)` : value;
}

/** What a log line needs of an error: its message to search for, its stack to find the place. */
export function describeError(error: unknown): Record<string, unknown> {
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}
