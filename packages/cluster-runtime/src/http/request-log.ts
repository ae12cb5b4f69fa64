import type { Handler } from '../core/app.ts';
import { log } from '../core/log.ts';
import { pathForLog } from '../core/printable.ts';
import { requestIdOf, runWithRequestId } from '../core/request-context.ts';
import { keepHeader } from './kept-headers.ts';
import { outcomeOf } from './outcome.ts';

/**
 * Binds an id to each request, which every log line written meanwhile carries and the answer names, and logs the requests
 * that failed or took long. The path is logged without its query, which may hold secrets.
 */
export function logRequests(slowMs: number): Handler {
  return (req, res, next) => {
    const id = requestIdOf(req.headers['x-request-id']);
    // As it was asked for: frameworks take from it what they mount a router under.
    const { url } = req;
    const began = performance.now();
    keepHeader(res, { name: 'X-Request-Id', value: id });
    res.on('close', () => {
      const ms = Math.round(performance.now() - began);
      const status = outcomeOf(res);
      const failed = status >= 500;
      if (!failed && ms < slowMs) return;
      const path = pathForLog(url);
      const fields = { request_id: id, method: req.method, path, status, ms, error: res.errored?.message };
      if (failed) log('error', 'request failed', fields);
      else log('warn', 'request took long', fields);
    });
    runWithRequestId(id, next);
  };
}
