import type { ServerResponse } from 'node:http';
import { exchangeOf } from './exchange.ts';
import { requestsShed } from './http-metrics.ts';
import type { Step } from './step.ts';
import { type WaitQueueOptions, waitQueue } from './wait-queue.ts';

export interface SheddingOptions extends WaitQueueOptions {
  /** Limit of requests in flight. Further requests are shed. 0: no limit. */
  readonly maxInFlight: number;
}

const BODY = 'Overloaded, try again\n';
const HEADERS = {
  'Content-Type': 'text/plain; charset=utf-8',
  'Content-Length': Buffer.byteLength(BODY),
  'Cache-Control': 'no-store',
  'Retry-After': '1',
};

/** Sheds requests above the limit in flight and requests that waited too long, with 503 and `Retry-After`. */
export function shedding(options: SheddingOptions): readonly Step[] {
  // The series exist from the start: increase() misses the first count of a new series.
  for (const reason of ['wait', 'in_flight']) requestsShed.inc({ reason }, 0);
  const queued = waitQueue(options, (res) => shed(res, 'wait'));
  return options.maxInFlight === 0 ? [queued] : [limitInFlight(options.maxInFlight), queued];
}

/** A request is in flight from its head to the end of its response or connection. */
function limitInFlight(most: number): Step {
  let inFlight = 0;
  const limit = {
    release(): void {
      inFlight--;
    },
  };
  return (req, res, next) => {
    if (inFlight >= most) {
      shed(res, 'in_flight');
      return;
    }
    inFlight++;
    exchangeOf(req, res).limit = limit;
    next(req, res);
  };
}

function shed(res: ServerResponse, reason: string): void {
  requestsShed.inc({ reason });
  res.writeHead(503, HEADERS).end(BODY);
}
