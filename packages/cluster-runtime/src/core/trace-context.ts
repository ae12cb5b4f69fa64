/** Traces between services, as in [W3C Trace Context](https://www.w3.org/TR/trace-context/). */
import { randomBytes, randomUUID } from 'node:crypto';

/** One operation of a trace. Ids are lower-case hexadecimal digits, not all zero. */
export interface TraceContext {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits. Requests that the operation sends name it as their parent. */
  readonly spanId: string;
  /** Whether spans of the trace may have been recorded. */
  readonly sampled: boolean;
}

const SAMPLED = 1;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const TRACE_ID = /^[0-9a-f]{32}$/;
const ALL_ZERO = /^0+$/;

/** Returns the caller's operation; undefined if the header is missing, repeated or invalid. */
export function parseTraceparent(header: string | string[] | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(String(header)) ?? [];
  if (traceId === undefined || spanId === undefined || ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId))
    return undefined;
  // Later versions may add fields. ff is forbidden.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags!, 16) & SAMPLED) === SAMPLED };
}

/** The header of a request to another service. */
export function traceparentFrom({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** A new operation in the trace of the caller. */
export function continueTrace({ traceId, sampled }: TraceContext): TraceContext {
  return { traceId, spanId: newSpanId(), sampled };
}

/** The request id if it is a trace id, as nginx' `$request_id` is, or a UUID without its hyphens. Otherwise a new trace id. */
export function traceIdFrom(requestId: string): string {
  const digits = requestId.replaceAll('-', '');
  return TRACE_ID.test(digits) && !ALL_ZERO.test(digits) ? digits : randomUUID().replaceAll('-', '');
}

/** The first operation of a trace. It is not sampled: the runtime records no spans. */
export function beginTrace(traceId: string): TraceContext {
  return { traceId, spanId: newSpanId(), sampled: false };
}

function newSpanId(): string {
  for (;;) {
    const id = randomBytes(8).toString('hex');
    if (!ALL_ZERO.test(id)) return id;
  }
}
