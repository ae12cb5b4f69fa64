import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Handler, ownRouteOf } from './handler.ts';
import { requestsInFlight, workersBusy } from './metrics.ts';
import { methodLabel } from './request-labels.ts';
import { requestSeries } from './request-series.ts';

/** Status of a request whose client went away before it was answered, as nginx logs it. */
const CLIENT_CLOSED_REQUEST = 499;

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
type Write = (chunk?: unknown, encoding?: unknown, callback?: unknown) => boolean;

/**
 * Counts every request once, before the last byte of its answer is handed to the socket: a client that has its
 * answer is counted, even if this process is killed one instruction later. (`finish` comes too late for that.)
 */
export function measureRequests(routeOf: (req: IncomingMessage) => string | undefined): Handler {
  return (req, res, next) => {
    const start = performance.now();
    let counted = false;
    begin();

    function count(status: number): void {
      if (counted) return;
      counted = true;
      const route = ownRouteOf(req) ?? routeOf(req) ?? 'unmatched';
      const { requests, duration } = requestSeries(methodLabel(req.method), route, status);
      requests.inc();
      duration.observe((performance.now() - start) / 1000);
    }

    const end = res.end as End;
    res.end = ((chunk, encoding, callback) => {
      count(res.statusCode);
      return end.call(res, chunk, encoding, callback);
    }) as End as typeof res.end;

    // With a Content-Length the last byte may leave by write(), well before end().
    const write = res.write as Write;
    let written = 0;
    res.write = ((chunk, encoding, callback) => {
      const length = res.getHeader('content-length');
      if (length !== undefined) {
        written +=
          typeof chunk === 'string'
            ? Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
            : (chunk as Uint8Array).byteLength;
        if (written >= Number(length)) count(res.statusCode);
      }
      return write.call(res, chunk, encoding, callback);
    }) as Write as typeof res.write;

    // `on`, as it comes once anyway, and costs half of `once`.
    res.on('close', () => {
      count(CLIENT_CLOSED_REQUEST);
      finish();
    });
    next();
  };
}
