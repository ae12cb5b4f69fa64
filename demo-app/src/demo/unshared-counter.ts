import { Counter, Registry } from 'prom-client';
import { keepApart } from 'prom-multiproc';
import type { Handler } from '../http/handler.ts';

/**
 * The control of the demonstration: a counter that each worker keeps for itself, as plain prom-client does.
 * Asked of one worker after the other it jumps up and down. Exists with DEMO_CONTROLS=1 only.
 * Where the app's own metrics are not shared either, they are shown beside it, as this worker alone counted them.
 */
export function createUnshared(notSharedEither?: Registry) {
  const registry = new Registry();
  keepApart(registry);
  const requests = new Counter({
    name: 'demo_unshared_requests_total',
    help: 'Requests as one worker alone counted them: wrong on purpose',
    registers: [registry],
  });
  return {
    count: ((_req, _res, next) => {
      requests.inc();
      next();
    }) satisfies Handler,
    text: async (): Promise<string> =>
      (await registry.metrics()) + (notSharedEither ? await notSharedEither.metrics() : ''),
  };
}
