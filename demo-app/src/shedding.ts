import type { ServerResponse } from 'node:http';
import type { Handler } from './handler.ts';
import { requestsShed } from './metrics.ts';
import { threadMs, type UnseenWaitOptions, unseenWait } from './unseen-wait.ts';

export interface SheddingOptions extends UnseenWaitOptions {
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

/**
 * Turns requests away with 503 while there is more to do than can be done. All requests that one turn of the event loop
 * finds waiting are handled within it, so what the turn took so far is what the later ones waited: no sampling, no state
 * that outlives the turn, and the first turn that is short again turns nobody away.
 */
export function shedding(options: SheddingOptions): Handler {
  const { maxWaitMs, maxInFlight, now = performance.now.bind(performance), processorMs = threadMs } = options;
  const half = maxWaitMs / 2;
  const waitedUnseen = unseenWait(options);
  // Shown from the start: what appears only with its first count has no increase to alert on.
  for (const reason of ['wait', 'in_flight']) requestsShed.inc({ reason }, 0);
  let inTurn = false;
  let began = 0;
  let usedAtHalf: number | undefined;
  let inFlight = 0;

  function endTurn(): void {
    inTurn = false;
  }

  // The second half counts in processor time: a worker that was kept from its processor (stopped, a busy machine) is late
  // with few requests too, and refusing them would help nobody. Asking for it takes a call of the system: only then.
  function tooLate(): boolean {
    const at = now();
    if (!inTurn) {
      inTurn = true;
      began = at;
      usedAtHalf = undefined;
      setImmediate(endTurn);
      return false;
    }
    if (at - began < half) return false;
    const used = processorMs();
    usedAtHalf ??= used;
    return used - usedAtHalf > half;
  }

  function release(): void {
    inFlight--;
  }

  return (req, res, next) => {
    if (maxWaitMs > 0 && (tooLate() || waitedUnseen(req.headers['x-request-start']))) {
      refuse(res, 'wait');
    } else if (maxInFlight > 0 && inFlight >= maxInFlight) {
      refuse(res, 'in_flight');
    } else {
      inFlight++;
      res.once('close', release);
      next();
    }
  };
}

function refuse(res: ServerResponse, reason: string): void {
  requestsShed.inc({ reason });
  res.writeHead(503, HEADERS).end(BODY);
}
