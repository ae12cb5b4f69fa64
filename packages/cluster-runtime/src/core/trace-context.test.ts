import assert from 'node:assert/strict';
import test from 'node:test';
import {
  beginTrace,
  continueTrace,
  parseTraceparent,
  traceIdFrom,
  traceparentFrom,
} from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const ZEROS = '0'.repeat(32);

test('a traceparent is read as W3C Trace Context defines it, with further fields only in later versions', () => {
  const sampled = { traceId: TRACE, spanId: SPAN, sampled: true };
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), sampled);
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-02`), { ...sampled, sampled: false });
  for (const later of [`cc-${TRACE}-${SPAN}-03`, `cc-${TRACE}-${SPAN}-01-what-the-future-brings`]) {
    assert.deepEqual(parseTraceparent(later), sampled);
  }
});

for (const [what, header] of [
  ['missing', undefined],
  ['empty', ''],
  ['repeated', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ['longer', `00-${TRACE}-${SPAN}-01-`],
  ['longer without a hyphen', `cc-${TRACE}-${SPAN}-01.more`],
  ['of version ff', `ff-${TRACE}-${SPAN}-01`],
  ['in upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['surrounded by spaces', ` 00-${TRACE}-${SPAN}-01`],
  ['on two lines', `00-${TRACE}-${SPAN}-01\n`],
  ['of a trace id of zeros', `00-${ZEROS}-${SPAN}-01`],
  ['of a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['of a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['of a short parent id', `00-${TRACE}-${SPAN.slice(1)}-01`],
  ['without flags', `00-${TRACE}-${SPAN}`],
] as const) {
  test(`a traceparent that is ${what} is ignored`, () => assert.equal(parseTraceparent(header), undefined));
}

test('the trace id is the request id if that is one, or has another format of the same digits', () => {
  assert.equal(traceIdFrom(TRACE), TRACE);
  assert.equal(traceIdFrom('4bf92f35-77b3-4da6-a3ce-929d0e0e4736'), TRACE);
  for (const other of [ZEROS, 'id-of-another-proxy', TRACE.toUpperCase(), `${TRACE}0`]) {
    const traceId = traceIdFrom(other);
    assert.match(traceId, /^(?!0+$)[0-9a-f]{32}$/);
    assert.notEqual(traceId, other);
  }
});

test('requests to other services name this one as their parent, and are sampled if its caller was', () => {
  const begun = beginTrace(TRACE);
  assert.deepEqual(parseTraceparent(traceparentFrom(begun)), { ...begun, sampled: false });
  const caller = { traceId: TRACE, spanId: SPAN, sampled: true };
  const continued = continueTrace(caller);
  assert.notEqual(continued.spanId, SPAN);
  assert.deepEqual(parseTraceparent(traceparentFrom(continued)), { ...caller, spanId: continued.spanId });
});
