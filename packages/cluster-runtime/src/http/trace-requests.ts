import type { IncomingMessage } from 'node:http';
import { activeSpan, hasOpenTelemetry } from '../core/opentelemetry.ts';
import { idFromHeader } from '../core/request-context.ts';
import { continueTrace, parseTraceparent, type TraceContext, traceIdFrom } from '../core/trace-context.ts';
import { exchangeOf } from './exchange.ts';
import type { Step } from './step.ts';

/**
 * Gives a request the trace of the OpenTelemetry span that is active, which instrumentation begins before the runtime gets the request.
 * With `accept`, otherwise that of the client's `traceparent`. Other requests begin a trace when it is first read. Without either source
 * there is no step, and requests cost nothing.
 */
export function traceRequests(accept: boolean): Step[] {
  if (!hasOpenTelemetry() && !accept) return [];
  return [
    (req, res, next) => {
      const trace = givenTrace(req, accept);
      if (trace !== undefined) exchangeOf(req, res).trace = trace;
      next(req, res);
    },
  ];
}

/** Returns the id of the trace of a WebSocket handshake, which has no exchange. It is found as for other requests. */
export function handshakeTraceId(req: IncomingMessage, accept: boolean): string {
  return givenTrace(req, accept)?.traceId ?? traceIdFrom(idFromHeader(req.headers['x-request-id']));
}

function givenTrace(req: IncomingMessage, accept: boolean): TraceContext | undefined {
  const span = activeSpan();
  if (span !== undefined || !accept) return span;
  const { traceparent } = req.headers;
  const caller = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return caller && continueTrace(caller);
}
