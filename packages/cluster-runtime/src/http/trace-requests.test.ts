import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listen } from '../../test/support/listen.ts';
import { logged } from '../../test/support/logged.ts';
import { ports, runApp } from '../../test/support/run-app.ts';
import { createApp } from '../../test/support/traced-app/app.ts';
import { createListener } from './pipeline.ts';
import { traceRequests } from './trace-requests.ts';

const MAIN = fileURLToPath(new URL('../../test/support/traced-main.ts', import.meta.url));
const OPEN_TELEMETRY = new URL('../../test/support/opentelemetry.ts', import.meta.url).href;
const NGINX = '0c5a5f0bb1a4a6c6f5e8a1a4a5c3f3f2';
const CLIENT = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${CLIENT}-00f067aa0ba902b7-01`;
/** SpanKind of @opentelemetry/api. */
const SERVER = 1;

interface Answer {
  readonly traceId: string;
  readonly traceparent: string;
  readonly again: string;
}

async function serve(
  t: TestContext,
  acceptTraceparent: boolean,
): Promise<(headers: Record<string, string>) => Promise<Answer>> {
  const options = { isEnding: () => false, slowRequestMs: 60_000, metrics: true, acceptTraceparent };
  const { url } = await listen(t, createListener(createApp(), options));
  return async (headers) => (await fetch(`${url}/failed`, { headers })).json() as Promise<Answer>;
}

test("the trace of a request has nginx' request id, in each log line and in requests to other services", async (t) => {
  const lines = logged(t);
  const send = await serve(t, false);
  const { traceId, traceparent, again } = await send({ 'x-request-id': NGINX, traceparent: TRACEPARENT });
  assert.equal(traceId, NGINX, 'not that of the client');
  assert.match(traceparent, new RegExp(`^00-${NGINX}-[0-9a-f]{16}-00$`));
  assert.equal(again, traceparent, 'one operation for each request');
  const ids = lines.map(({ msg, request_id, trace_id }) => [msg, request_id, trace_id]);
  assert.deepEqual(
    ids,
    ['in a callback', 'request failed'].map((msg) => [msg, NGINX, NGINX]),
  );
});

test("a client's trace is continued only if the setting accepts it", async (t) => {
  const lines = logged(t);
  const send = await serve(t, true);
  const { traceId, traceparent } = await send({ 'x-request-id': NGINX, traceparent: TRACEPARENT });
  assert.equal(traceId, CLIENT);
  assert.match(traceparent, new RegExp(`^00-${CLIENT}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  assert.deepEqual(
    new Set(lines.map(({ request_id, trace_id }) => [request_id, trace_id].join())),
    new Set([`${NGINX},${CLIENT}`]),
  );
  for (const invalid of [`${TRACEPARENT}-more`, TRACEPARENT.replace('00', 'ff')]) {
    assert.equal((await send({ 'x-request-id': NGINX, traceparent: invalid })).traceId, NGINX);
  }
});

test('without the setting and without OpenTelemetry no step is added, so requests cost nothing', () => {
  assert.deepEqual(traceRequests(false), []);
  assert.equal(traceRequests(true).length, 1);
});

test('an application with the OpenTelemetry SDK keeps its trace, which is logged and carried on', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '1', NODE_OPTIONS: `--import=${OPEN_TELEMETRY}` });
  const { app: url } = await ports(app);
  const response = await fetch(`${url}/failed`, {
    headers: { 'x-request-id': NGINX, traceparent: TRACEPARENT },
  });
  const { traceId, traceparent } = (await response.json()) as Answer;
  assert.equal(traceId, CLIENT, 'the instrumentation continues the trace of the client');
  const span = await app.line('span');
  const { traceId: exported, id, kind } = span as unknown as { traceId: string; id: string; kind: number };
  assert.deepEqual([exported, kind], [CLIENT, SERVER]);
  assert.equal(traceparent, `00-${CLIENT}-${id}-01`);
  const lines = [await app.line('in a callback'), await app.line('request failed')];
  assert.deepEqual(
    lines.map(({ request_id, trace_id }) => [request_id, trace_id]),
    [
      [NGINX, CLIENT],
      [NGINX, CLIENT],
    ],
  );
  await (await fetch(url)).json();
  const own = (await app.line('in a callback', 2)) as unknown as { trace_id: string };
  const second = (await app.line('span', 2)) as unknown as { traceId: string };
  assert.equal(own.trace_id, second.traceId);
  assert.notEqual(own.trace_id, CLIENT);
});
