import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { idleTime, type LongWaitOptions, longWait } from './queue-delay.ts';
import type { Next, Step } from './step.ts';

export interface WaitQueueOptions extends LongWaitOptions {
  /** An overloaded worker sheds requests that waited longer than this. 0: never. */
  readonly maxWaitMs: number;
  readonly now?: () => number;
}

/** Time one event-loop turn may spend starting requests. A worker accepts one new connection per turn. */
const TURN_MS = 2;

interface Waiting {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly next: Next;
  readonly since: number;
}

/**
 * Starts requests in order, for at most `TURN_MS` per event-loop turn, and calls `shed` for a request that waited longer than
 * `maxWaitMs`. The worker accepts connections only between turns, so a request may also wait in a connection that it has not accepted
 * yet.
 */
export function waitQueue(options: WaitQueueOptions, shed: (res: ServerResponse) => void): Step {
  const { now = performance.now.bind(performance), idleMs = idleTime } = options;
  const waitedTooLong = options.maxWaitMs > 0 ? longWait(options) : undefined;
  const waiting: Waiting[] = [];
  let turn = -1;
  let idleBefore = -1;
  /** Whether the worker was never idle between the turn before this one and this one. Only then can it be overloaded. */
  let isBusy = false;
  let began = 0;

  function begin(req: IncomingMessage, res: ServerResponse, next: Next, seenMs: number): void {
    if (isBusy && waitedTooLong?.(seenMs, req.headers['x-request-start'])) shed(res);
    else next(req, res);
  }

  function lookForIdleness(): void {
    const idle = idleMs();
    isBusy = idle === idleBefore;
    idleBefore = idle;
  }

  function takeTurn(): void {
    turn = currentTurn();
    lookForIdleness();
    began = now();
    for (let at = began; waiting.length > 0 && at - began < TURN_MS; at = now()) {
      const { req, res, next, since } = waiting.shift()!;
      // If the client has left, the request is not started. It was counted when its connection closed.
      if (!res.destroyed) begin(req, res, next, at - since);
    }
    if (waiting.length > 0) setImmediate(takeTurn);
  }

  return (req, res, next) => {
    const since = now();
    const current = currentTurn();
    if (waiting.length === 0 && current !== turn) {
      turn = current;
      began = since;
      lookForIdleness();
    }
    if (waiting.length === 0 && since - began < TURN_MS) {
      begin(req, res, next, 0);
      return;
    }
    if (waiting.length === 0) setImmediate(takeTurn);
    waiting.push({ req, res, next: AsyncLocalStorage.bind(next), since });
  };
}

/** Number of the current event-loop turn. */
function currentTurn(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount;
}
