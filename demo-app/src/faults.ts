import { type NextFunction, type Request, type Response, Router } from 'express';

const MOST_BLOCKED_MS = 60_000;

export interface FaultActions {
  /** Asks the primary to reload. */
  reload(): void;
}

/**
 * Damage on demand, for tests and demonstrations; exists with DEMO_CONTROLS=1 only. Each answers 202 with the pid of the
 * worker that took it, and does it once that answer has left: of what it ends, this request is not a part. `error` alone
 * fails itself.
 */
export function faults({ reload }: FaultActions): Router {
  const router = Router();
  const control = (path: string, act: (req: Request) => void) => {
    router.post(path, (req: Request, res: Response) => {
      res.once('finish', () => setImmediate(act, req));
      res.status(202).json({ pid: process.pid });
    });
    router.all(path, methodNotAllowed);
  };
  // The request itself fails, and the worker lives.
  router.post('/demo/faults/error', () => {
    throw new Error('failed on demand by /demo/faults/error');
  });
  router.all('/demo/faults/error', methodNotAllowed);
  control('/demo/faults/throw', () => {
    throw new Error('thrown on demand by /demo/faults/throw');
  });
  control('/demo/faults/abort', () => process.abort());
  control('/demo/faults/oom', exhaustHeap);
  control('/demo/faults/kill', () => process.kill(process.pid, 'SIGKILL'));
  router.post('/demo/faults/block', requireMilliseconds);
  control('/demo/faults/block', (req) => block(Number(req.query.ms)));
  control('/demo/reload', reload);
  return router;
}

function methodNotAllowed(_req: Request, res: Response, _next: NextFunction): void {
  res.status(405).set('Allow', 'POST').type('text/plain').send('Only POST is taken here');
}

function exhaustHeap(): never {
  const hoard: number[][] = [];
  for (;;) hoard.push(Array.from({ length: 65_536 }, Math.random));
}

function requireMilliseconds(req: Request, res: Response, next: NextFunction): void {
  const ms = Number(req.query.ms);
  if (ms > 0 && ms <= MOST_BLOCKED_MS) next();
  else res.status(400).type('text/plain').send(`ms must be a number up to ${MOST_BLOCKED_MS}`);
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
