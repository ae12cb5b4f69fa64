import type { TraceContext } from './trace-context.ts';

/** Where each copy of `@opentelemetry/api` 1.x keeps what an SDK registers. The runtime does not depend on the package. */
const API = Symbol.for('opentelemetry.js.api.1');
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN');

interface Api {
  readonly context?: { active(): { getValue(key: symbol): unknown } };
}

interface Span {
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
}

const registered = (): Api | undefined => (globalThis as { [API]?: Api })[API];

/** Whether an OpenTelemetry SDK keeps track of the active span. */
export function hasOpenTelemetry(): boolean {
  return registered()?.context !== undefined;
}

/** Returns the span of an OpenTelemetry SDK that is active in the code that runs; undefined without one. */
export function activeSpan(): TraceContext | undefined {
  const span = registered()?.context?.active().getValue(SPAN) as Span | undefined;
  if (span === undefined) return undefined;
  const { traceId, spanId, traceFlags } = span.spanContext();
  // The span of a tracer without an SDK.
  return /^0*$/.test(traceId) ? undefined : { traceId, spanId, sampled: (traceFlags & 1) === 1 };
}
