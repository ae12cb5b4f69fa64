import { log } from '../core/log.ts';
import { pathForLog } from '../core/printable.ts';
import { type Exchange, exchangeOf, type RequestLog } from './exchange.ts';
import { hookResponses } from './response-hooks.ts';
import type { Step } from './step.ts';

/**
 * Gives each request an id, which is in its log line and in the `X-Request-Id` header of the response. Logs requests that fail or take
 * `slowMs` or longer. The path is logged without its query, which may contain secrets.
 */
export function logRequests(slowMs: number): Step {
  hookResponses();
  const requestLog: RequestLog = {
    ended(exchange, status) {
      const ms = Math.round(performance.now() - exchange.start);
      if (status >= 500) log('error', 'request failed', fieldsOf(exchange, status, ms));
      else if (ms >= slowMs) log('warn', 'slow request', fieldsOf(exchange, status, ms));
    },
  };
  return (req, res, next) => {
    exchangeOf(req, res).log = requestLog;
    next(req, res);
  };
}

function fieldsOf(
  { id, traceId, req, res, url }: Exchange,
  status: number,
  ms: number,
): Record<string, unknown> {
  return {
    request_id: id,
    trace_id: traceId,
    method: req.method,
    path: pathForLog(url),
    status,
    ms,
    error: res.errored?.message,
  };
}
