import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../core/app.ts';
import { ownRouteOf } from './handler.ts';
import { requestsInFlight, workersBusy } from './http-metrics.ts';
import { methodLabel } from './method-label.ts';
import { outcomeOf } from './outcome.ts';
import { requestSeries } from './request-series.ts';

let inFlight = 0;

function begin(): void {
  inFlight += 1;
  requestsInFlight.set(inFlight);
  if (inFlight === 1) workersBusy.set(1);
}

function finish(): void {
  inFlight -= 1;
  requestsInFlight.set(inFlight);
  if (inFlight === 0) workersBusy.set(0);
}

type End = (chunk?: unknown, encoding?: unknown, callback?: unknown) => ServerResponse;
type WriteHead = (status: number, reason?: unknown, headers?: unknown) => ServerResponse;
type Write = (chunk?: unknown, encoding?: unknown, callback?: unknown) => boolean;

/** A request that is being measured. */
interface Measured {
  readonly req: IncomingMessage;
  readonly start: number;
  readonly end: End;
  readonly write: Write;
  readonly writeHead: WriteHead;
  counted: boolean;
  /** Bytes of the body passed to `write()` so far, if the response has a Content-Length. */
  written: number;
}

/**
 * Counts every request once, before the last byte of its response goes to the socket. A client that has the whole response is
 * therefore counted even if this process is killed right after; the `finish` event would be too late.
 */
export function measureRequests(routeOf: (req: IncomingMessage) => string | undefined): Handler {
  // Stored on the response, so all requests share the functions below.
  const measured = Symbol('measured');
  type Response = ServerResponse & { [measured]: Measured };

  function count(one: Measured, status: number): void {
    if (one.counted) return;
    one.counted = true;
    const route = ownRouteOf(one.req) ?? routeOf(one.req) ?? 'unmatched';
    const { requests, duration } = requestSeries(methodLabel(one.req.method), route, status);
    requests.inc();
    duration.observe((performance.now() - one.start) / 1000);
  }

  function end(this: Response, chunk?: unknown, encoding?: unknown, callback?: unknown): ServerResponse {
    const one = this[measured];
    count(one, this.statusCode);
    return one.end.call(this, chunk, encoding, callback);
  }

  // Without a body, the head is the whole response. It may leave before end(), through flushHeaders().
  function writeHead(this: Response, status: number, reason?: unknown, headers?: unknown): ServerResponse {
    const one = this[measured];
    one.writeHead.call(this, status, reason, headers);
    if (hasNoBody(one.req, this)) count(one, status);
    return this;
  }

  // With a Content-Length, write() may send the last byte before end().
  function write(this: Response, chunk?: unknown, encoding?: unknown, callback?: unknown): boolean {
    const one = this[measured];
    const length = this.getHeader('content-length');
    if (length !== undefined) {
      one.written +=
        typeof chunk === 'string'
          ? Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
          : ((chunk as Uint8Array | undefined)?.byteLength ?? 0);
      if (one.written >= Number(length)) count(one, this.statusCode);
    }
    return one.write.call(this, chunk, encoding, callback);
  }

  function closed(this: Response): void {
    count(this[measured], outcomeOf(this));
    finish();
  }

  return (req, res, next) => {
    const start = performance.now();
    begin();
    const answer = res as Response;
    answer[measured] = {
      req,
      start,
      end: res.end as End,
      write: res.write as Write,
      writeHead: res.writeHead as WriteHead,
      counted: false,
      written: 0,
    };
    res.end = end as typeof res.end;
    res.write = write as typeof res.write;
    res.writeHead = writeHead as typeof res.writeHead;
    // `close` is emitted once, and `on` costs half of `once`.
    res.on('close', closed);
    next();
  };
}

function hasNoBody(req: IncomingMessage, res: ServerResponse): boolean {
  const status = res.statusCode;
  if (status === 204 || status === 304 || req.method === 'HEAD') return status >= 200;
  return Number(res.getHeader('content-length') ?? -1) === 0;
}
