import cluster from 'node:cluster';
import type { IncomingMessage } from 'node:http';
import { answerText, describeError, type Handler, log, requestIdOf, traceIdOf } from 'cluster-runtime';

const MAX_BLOCK_MS = 60_000;

export interface FaultActions {
  /** Requests a reload. */
  reload(): void;
}

/**
 * Fault controls, for tests and the demonstration. Each responds with 202 and the pid and number of the worker, and causes its fault
 * after the response has been sent, so that the fault does not affect the request. Only `error` fails its own request.
 */
export function faults({ reload }: FaultActions): Map<string, Handler> {
  const afterwards = (act: (req: IncomingMessage) => void) =>
    onPost((req, res) => {
      res.once('finish', () => setImmediate(act, req));
      res.writeHead(202, { 'Content-Type': 'application/json; charset=utf-8' });
      res.end(JSON.stringify({ pid: process.pid, worker: cluster.worker?.id }));
    });
  const blocking = afterwards((req) => block(millisecondsOf(req)));
  return new Map<string, Handler>([
    ['/demo/faults/error', onPost(fail)],
    [
      '/demo/faults/throw',
      afterwards(() => {
        throw new Error('thrown on demand by /demo/faults/throw');
      }),
    ],
    ['/demo/faults/abort', afterwards(() => process.abort())],
    ['/demo/faults/oom', afterwards(exhaustHeap)],
    ['/demo/faults/kill', afterwards(() => process.kill(process.pid, 'SIGKILL'))],
    [
      '/demo/faults/block',
      onPost((req, res, next) => {
        const ms = millisecondsOf(req);
        if (ms > 0 && ms <= MAX_BLOCK_MS) blocking(req, res, next);
        else answerText(res, 400, `ms must be a number above 0 and at most ${MAX_BLOCK_MS}`);
      }),
    ],
    ['/demo/reload', afterwards(reload)],
  ]);
}

function onPost(handler: Handler): Handler {
  return (req, res, next) => {
    if (req.method === 'POST') {
      handler(req, res, next);
      return;
    }
    res.setHeader('Allow', 'POST');
    answerText(res, 405, 'Only POST is allowed');
  };
}

/** Fails this request only. The worker keeps running. */
const fail: Handler = (req, res) => {
  const error = new Error('failed on demand by /demo/faults/error');
  const fields = { request_id: requestIdOf(res), trace_id: traceIdOf(res), method: req.method };
  log('error', 'error in a request', { ...fields, ...describeError(error) });
  answerText(res, 500, 'Internal server error');
};

function exhaustHeap(): never {
  const hoard: number[][] = [];
  for (;;) hoard.push(Array.from({ length: 65_536 }, Math.random));
}

function millisecondsOf(req: IncomingMessage): number {
  return Number(new URLSearchParams((req.url ?? '').split('?')[1]).get('ms') ?? Number.NaN);
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
