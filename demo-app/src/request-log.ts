import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { log } from './log.ts';
import { requestIdOf, runWithRequestId } from './request-context.ts';

/**
 * Binds an id to each request, which every log line written meanwhile carries and the answer names, and logs the requests
 * that failed or took long. The path is logged without its query: that may hold what is nobody's business.
 */
export function logRequests(slowMs: number): RequestHandler {
  return (req: Request, res: Response, next: NextFunction): void => {
    const id = requestIdOf(req.headers['x-request-id']);
    const began = performance.now();
    res.setHeader('X-Request-Id', id);
    res.on('close', () => {
      const ms = Math.round(performance.now() - began);
      const failed = res.statusCode >= 500;
      if (!failed && ms < slowMs) return;
      const path = req.originalUrl.split('?', 1)[0];
      const fields = { request_id: id, method: req.method, path, status: res.statusCode, ms };
      if (failed) log('error', 'request failed', fields);
      else log('warn', 'request took long', fields);
    });
    runWithRequestId(id, next);
  };
}
