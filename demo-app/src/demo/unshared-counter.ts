import { describeError, log } from 'cluster-runtime';
import { Counter, Registry } from 'prom-client';
import { keepApart } from 'prom-multiproc';
import type { UnsharedRequest, UnsharedResponse } from './unshared-route.ts';

/**
 * Creates the counter for comparison: each worker counts separately, as with plain prom-client. Scrapes that reach different workers
 * show it going up and down. If the app shares no metrics, `notSharedEither` is its registry, which is shown too.
 */
export function createUnshared(notSharedEither?: Registry) {
  const registry = new Registry();
  keepApart(registry);
  const requests = new Counter({
    name: 'demo_unshared_requests_total',
    help: 'Requests of one worker only, without sharing, for comparison',
    registers: [registry],
  });
  return {
    count: (): void => requests.inc(),
    text: async (): Promise<string> =>
      (await registry.metrics()) + (notSharedEither ? await notSharedEither.metrics() : ''),
  };
}

/** Returns a message handler that sends the text to the primary at each request. */
export function unsharedResponder(text: () => Promise<string>, send: (response: UnsharedResponse) => void) {
  return ({ id }: UnsharedRequest): void => {
    text().then(
      (body) => send({ id, text: body }),
      (error) => log('error', 'unshared metrics failed', describeError(error)),
    );
  };
}
