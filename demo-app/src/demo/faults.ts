import cluster from 'node:cluster';
import type { IncomingMessage } from 'node:http';
import { answerText, describeError, type Handler, log, ownRoutes } from 'cluster-runtime';

const MOST_BLOCKED_MS = 60_000;

export interface FaultActions {
  /** Asks the primary to reload. */
  reload(): void;
}

/**
 * Damage on demand, for tests and demonstrations; exists with DEMO_CONTROLS=1 only. Each answers 202 with pid and number
 * of the worker that took it, and does it once that answer has left: of what it ends, this request is not a part. `error`
 * alone fails itself.
 */
export function faults({ reload }: FaultActions): Handler {
  const afterwards = (act: (req: IncomingMessage) => void) =>
    onPost((req, res) => {
      res.once('finish', () => setImmediate(act, req));
      res.writeHead(202, { 'Content-Type': 'application/json; charset=utf-8' });
      res.end(JSON.stringify({ pid: process.pid, worker: cluster.worker?.id }));
    });
  const blocking = afterwards((req) => block(millisecondsOf(req)));
  return ownRoutes(
    new Map<string, Handler>([
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
          if (ms > 0 && ms <= MOST_BLOCKED_MS) blocking(req, res, next);
          else answerText(res, 400, `ms must be a number up to ${MOST_BLOCKED_MS}`);
        }),
      ],
      ['/demo/reload', afterwards(reload)],
    ]),
  );
}

function onPost(handler: Handler): Handler {
  return (req, res, next) => {
    if (req.method === 'POST') {
      handler(req, res, next);
      return;
    }
    res.setHeader('Allow', 'POST');
    answerText(res, 405, 'Only POST is taken here');
  };
}

/** The request itself fails, and the worker lives. */
const fail: Handler = (req, res) => {
  const error = new Error('failed on demand by /demo/faults/error');
  log('error', 'error in a request', { method: req.method, ...describeError(error) });
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
