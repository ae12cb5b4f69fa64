import type { IncomingMessage, ServerResponse } from 'node:http';
import { activeSpan } from '../core/opentelemetry.ts';
import { idFromHeader } from '../core/request-context.ts';
import { beginTrace, type TraceContext, traceIdFrom, traceparentFrom } from '../core/trace-context.ts';
import { outcomeOf } from './outcome.ts';

/** Counts an exchange. */
export interface Measurement {
  /** Counts the exchange once, with this status. Does nothing if it was counted before. */
  count(exchange: Exchange, status: number): void;
  ended(): void;
}

export interface InFlightLimit {
  release(): void;
}

export interface RequestLog {
  ended(exchange: Exchange, status: number): void;
}

/** One request and its response, until the response has closed. Each part of the runtime that follows the request sets its field. */
export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The URL as received: frameworks remove the mount point of a router from `req.url`. */
  readonly url: string;
  /** When the request head was parsed, in milliseconds of `performance.now()`. */
  readonly start: number = performance.now();
  measurement: Measurement | undefined = undefined;
  limit: InFlightLimit | undefined = undefined;
  log: RequestLog | undefined = undefined;
  /** Path of the route of the runtime or its extension that handled the request. */
  ownRoute: string | undefined = undefined;
  counted = false;
  /** Bytes of the body passed to `write()` so far, if the response has a Content-Length. */
  written = 0;
  /** Neighbours in the list of exchanges that have not ended. */
  older: Exchange | undefined = undefined;
  newer: Exchange | undefined = undefined;
  #id: string | undefined = undefined;
  #trace: TraceContext | undefined = undefined;
  #traceId: string | undefined = undefined;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.req = req;
    this.res = res;
    this.url = req.url ?? '';
  }

  /** The `X-Request-Id` of the proxy, or a new id. */
  get id(): string {
    this.#id ??= idFromHeader(this.req.headers['x-request-id']);
    return this.#id;
  }

  /** The trace that a step has set, or one that begins with this request. */
  get trace(): TraceContext {
    this.#trace ??= beginTrace(this.traceId);
    return this.#trace;
  }

  set trace(trace: TraceContext) {
    this.#trace = trace;
  }

  get traceId(): string {
    if (this.#trace !== undefined) return this.#trace.traceId;
    this.#traceId ??= traceIdFrom(this.id);
    return this.#traceId;
  }
}

/** A property of the response, because Express replaces the prototype of each response. */
const exchange = Symbol('exchange');

type Answer = ServerResponse & { [exchange]?: Exchange };

/** Returns the exchange of a response, and begins it at the first call. */
export function exchangeOf(req: IncomingMessage, res: ServerResponse): Exchange {
  return begunExchangeOf(res) ?? begin(req, res);
}

/** The newest exchange that has not ended. */
let newest: Exchange | undefined;

/** Returns the ids of the newest requests in flight, at most `most`. */
export function idsInFlight(most: number): string[] {
  const ids: string[] = [];
  for (let one = newest; one !== undefined && ids.length < most; one = one.older) ids.push(one.id);
  return ids;
}

/**
 * Returns the id of the request that the runtime passed on with this response, as in `X-Request-Id` and in the request log; undefined
 * for the response of another server.
 */
export function requestIdOf(res: ServerResponse): string | undefined {
  return begunExchangeOf(res)?.id;
}

/**
 * Returns the id of the request's trace, as in the request log: that of an OpenTelemetry SDK, of the client's `traceparent` if
 * `ACCEPT_TRACEPARENT` is 1, or a new one. Undefined like `requestIdOf()`.
 */
export function traceIdOf(res: ServerResponse): string | undefined {
  return begunExchangeOf(res)?.traceId;
}

/**
 * Returns the header `traceparent` for requests to other services on behalf of this one: of the active OpenTelemetry span, otherwise of
 * the request. Undefined like `requestIdOf()`.
 */
export function traceparentOf(res: ServerResponse): string | undefined {
  const exchange = begunExchangeOf(res);
  return exchange && traceparentFrom(activeSpan() ?? exchange.trace);
}

/** Returns undefined if no part of the runtime follows the request. */
export function begunExchangeOf(res: ServerResponse): Exchange | undefined {
  return (res as Answer)[exchange];
}

function begin(req: IncomingMessage, res: ServerResponse): Exchange {
  const begun = new Exchange(req, res);
  (res as Answer)[exchange] = begun;
  begun.older = newest;
  if (newest !== undefined) newest.newer = begun;
  newest = begun;
  // `close` is emitted once, and `on` costs half of `once`.
  res.on('close', closed);
  return begun;
}

/** The only listener for the end of a request. */
function closed(this: Answer): void {
  const one = this[exchange]!;
  forget(one);
  const { measurement, limit, log } = one;
  limit?.release();
  if (measurement === undefined && log === undefined) return;
  const status = outcomeOf(this);
  measurement?.count(one, status);
  measurement?.ended();
  log?.ended(one, status);
}

function forget(one: Exchange): void {
  if (one.older !== undefined) one.older.newer = one.newer;
  if (one.newer !== undefined) one.newer.older = one.older;
  else newest = one.older;
}
