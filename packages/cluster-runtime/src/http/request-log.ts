import type { Handler } from '../core/app.ts';
import { log } from '../core/log.ts';
import { pathForLog } from '../core/printable.ts';
import { requestIdOf, runWithRequestId } from '../core/request-context.ts';
import { keepHeader } from './kept-headers.ts';
import { outcomeOf } from './outcome.ts';

/**
 * Gives each request an id, which is in its log lines and in the `X-Request-Id` header of the response. Logs requests that fail or
 * take `slowMs` or longer. The path is logged without its query, which may contain secrets.
 */
export function logRequests(slowMs: number): Handler {
  return (req, res, next) => {
    const id = requestIdOf(req.headers['x-request-id']);
    // The original URL: frameworks remove the mount point of a router from `req.url`.
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
      else log('warn', 'slow request', fields);
    });
    runWithRequestId(id, next);
  };
}
