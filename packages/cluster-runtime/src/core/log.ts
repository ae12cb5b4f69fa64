import { activeSpan } from './opentelemetry.ts';
import { escapeControls } from './printable.ts';
import { currentRequest } from './request-context.ts';

export type Level = 'info' | 'warn' | 'error';

/** Longest text of one field, in characters: an error message may repeat what a client sent. */
const MAX_TEXT = 4096;

/**
 * Writes one JSON object per line to stdout: time, level, pid, msg, request_id, trace_id and the given fields. Control characters are escaped.
 * `request_id` is the id of the request whose code is running, as in nginx's access log; `trace_id` that of the active OpenTelemetry
 * span or the request.
 */
export function log(level: Level, msg: string, fields: Record<string, unknown> = {}): void {
  const request = currentRequest();
  const ids = { request_id: request?.id, trace_id: activeSpan()?.traceId ?? request?.traceId };
  const line = { time: new Date().toISOString(), level, pid: process.pid, msg, ...ids, ...fields };
  process.stdout.write(`${escapeControls(JSON.stringify(line, bounded))}\n`);
}

function bounded(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)} (cut)` : value;
}

/** Returns the log fields of an error: `error`, its message, and `stack`. */
export function describeError(error: unknown): Record<string, unknown> {
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}
