import type { NextFunction, Request, Response } from 'express';
import { httpRequestDuration, httpRequests, requestsInFlight, workersBusy } from './metrics.ts';
import { methodLabel, routeLabel } from './request-labels.ts';

/** Status of a request whose client went away before it was answered, as nginx logs it. */
const CLIENT_CLOSED_REQUEST = 499;

let inFlight = 0;

function showInFlight(): void {
  requestsInFlight.set(inFlight);
  workersBusy.set(inFlight > 0 ? 1 : 0);
}

/**
 * Counts every request once, before the last byte of its answer is handed to the socket: a client that has its
 * answer is counted, even if this process is killed one instruction later. (`finish` comes too late for that.)
 */
export function measureRequests(req: Request, res: Response, next: NextFunction): void {
  const start = process.hrtime.bigint();
  let counted = false;
  inFlight += 1;
  showInFlight();

  function count(status: number): void {
    if (counted) return;
    counted = true;
    const labels = { method: methodLabel(req.method), route: routeLabel(req), status };
    httpRequests.inc(labels);
    httpRequestDuration.observe(labels, Number(process.hrtime.bigint() - start) / 1e9);
  }

  const end = res.end;
  res.end = function countThenEnd(this: Response, ...args: unknown[]) {
    count(res.statusCode);
    return Reflect.apply(end, this, args);
  } as typeof res.end;

  // With a Content-Length the last byte may leave by write(), well before end().
  const write = res.write;
  let written = 0;
  res.write = function countLastWrite(this: Response, ...args: unknown[]) {
    const length = res.getHeader('content-length');
    if (length !== undefined) {
      const [chunk, encoding] = args;
      written +=
        typeof chunk === 'string'
          ? Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
          : (chunk as Uint8Array).byteLength;
      if (written >= Number(length)) count(res.statusCode);
    }
    return Reflect.apply(write, this, args);
  } as typeof res.write;

  res.once('close', () => {
    count(CLIENT_CLOSED_REQUEST);
    inFlight -= 1;
    showInFlight();
  });
  next();
}
