import type { IncomingMessage } from 'node:http';
import { countRequest } from './count-request.ts';
import { type Exchange, exchangeOf } from './exchange.ts';
import { requestsInFlight, workersBusy } from './http-metrics.ts';
import { hookResponses } from './response-hooks.ts';
import type { Step } from './step.ts';

let inFlight = 0;

function begin(): void {
  inFlight += 1;
  requestsInFlight.set(inFlight);
  if (inFlight === 1) workersBusy.set(1);
}

function ended(): void {
  inFlight -= 1;
  requestsInFlight.set(inFlight);
  if (inFlight === 0) workersBusy.set(0);
}

/**
 * Counts every request once, before the last byte of its response goes to the socket. A client that has the whole response is
 * therefore counted even if this process is killed right after; the `finish` event would be too late.
 */
export function measureRequests(routeOf: (req: IncomingMessage) => string | undefined): Step {
  hookResponses();

  function count(exchange: Exchange, status: number): void {
    if (exchange.counted) return;
    exchange.counted = true;
    const { req, ownRoute, start } = exchange;
    countRequest(req.method, ownRoute ?? routeOf(req), status, start, exchange);
  }

  const measurement = { count, ended };
  return (req, res, next) => {
    exchangeOf(req, res).measurement = measurement;
    begin();
    next(req, res);
  };
}
