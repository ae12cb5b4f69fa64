import { activeSpan, hasOpenTelemetry } from '../core/opentelemetry.ts';
import { continueTrace, parseTraceparent } from '../core/trace-context.ts';
import { exchangeOf } from './exchange.ts';
import type { Step } from './step.ts';

/**
 * Gives a request the trace of the OpenTelemetry span that is active, which instrumentation begins before the runtime gets the request.
 * With `accept`, otherwise that of the client's `traceparent`. Other requests begin a trace when it is first read. Without either source
 * there is no step, and requests cost nothing.
 */
export function traceRequests(accept: boolean): Step[] {
  const openTelemetry = hasOpenTelemetry();
  if (!openTelemetry && !accept) return [];
  return [
    (req, res, next) => {
      const span = openTelemetry ? activeSpan() : undefined;
      const header = accept && span === undefined ? req.headers.traceparent : undefined;
      const caller = header === undefined ? undefined : parseTraceparent(header);
      const trace = span ?? (caller && continueTrace(caller));
      if (trace !== undefined) exchangeOf(req, res).trace = trace;
      next(req, res);
    },
  ];
}
