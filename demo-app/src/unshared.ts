import type { NextFunction, Request, Response } from 'express';
import { Counter, Registry } from 'prom-client';

/**
 * The control of the demonstration: a counter that each worker keeps for itself, as plain prom-client does.
 * Asked of one worker after the other it jumps up and down. Exists with DEMO_CONTROLS=1 only.
 */
export function createUnshared() {
  const registry = new Registry();
  const requests = new Counter({
    name: 'demo_unshared_requests_total',
    help: 'Requests as one worker alone counted them: wrong on purpose',
    registers: [registry],
  });
  return {
    count(_req: Request, _res: Response, next: NextFunction): void {
      requests.inc();
      next();
    },
    text: (): Promise<string> => registry.metrics(),
  };
}
