import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from '../core/app.ts';
import { requestsShed } from './http-metrics.ts';
import { type LongWaitOptions, longWait } from './queue-delay.ts';

export interface SheddingOptions extends LongWaitOptions {
  /** A request that waited longer than this for those before it is turned away; 0 for never. */
  readonly maxWaitMs: number;
  /** With so many requests begun and not ended, the next one is turned away; 0 for no limit. */
  readonly maxInFlight: number;
  readonly now?: () => number;
}

const BODY = 'Overloaded, try again\n';
const HEADERS = {
  'Content-Type': 'text/plain; charset=utf-8',
  'Content-Length': Buffer.byteLength(BODY),
  'Cache-Control': 'no-store',
  'Retry-After': '1',
};

/** So long one turn of the event loop begins what waits: a worker accepts one new connection in a turn. */
const TURN_MS = 2;

interface Waiting {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly next: () => void;
  readonly since: number;
}

/**
 * Turns requests away with 503 while there is more to do than can be done. What is more than a turn of the event loop
 * should begin waits, in order, for the next ones: between them the worker accepts connections, in which others wait
 * unseen.
 */
export function shedding(options: SheddingOptions): Handler {
  const { maxWaitMs, maxInFlight, now = performance.now.bind(performance) } = options;
  const waitedTooLong = longWait(options);
  // Shown from the start: what appears only with its first count has no increase to alert on.
  for (const reason of ['wait', 'in_flight']) requestsShed.inc({ reason }, 0);
  const waiting: Waiting[] = [];
  let inTurn = false;
  let began = 0;
  let inFlight = 0;

  function release(): void {
    inFlight--;
  }

  function begin(req: IncomingMessage, res: ServerResponse, next: () => void, seenMs: number): void {
    if (maxWaitMs > 0 && waitedTooLong(seenMs, req.headers['x-request-start'])) {
      refuse(res, 'wait');
      return;
    }
    inFlight++;
    res.once('close', release);
    next();
  }

  function takeTurn(): void {
    began = now();
    for (let at = began; waiting.length > 0 && at - began < TURN_MS; at = now()) {
      const { req, res, next, since } = waiting.shift()!;
      // Of one that went away meanwhile there is nothing to do: it was counted when its connection closed.
      if (!res.destroyed) begin(req, res, next, at - since);
    }
    inTurn = waiting.length > 0;
    if (inTurn) setImmediate(takeTurn);
  }

  return (req, res, next) => {
    const since = now();
    if (!inTurn) {
      inTurn = true;
      began = since;
      setImmediate(takeTurn);
    }
    if (maxInFlight > 0 && inFlight + waiting.length >= maxInFlight) refuse(res, 'in_flight');
    else if (waiting.length > 0 || since - began >= TURN_MS)
      waiting.push({ req, res, next: AsyncLocalStorage.bind(next), since });
    else begin(req, res, next, 0);
  };
}

function refuse(res: ServerResponse, reason: string): void {
  requestsShed.inc({ reason });
  res.writeHead(503, HEADERS).end(BODY);
}
