import { describeError, type Handler, log } from 'cluster-runtime';
import { Counter, Registry } from 'prom-client';
import { keepApart } from 'prom-multiproc';
import type { UnsharedAnswer, UnsharedQuestion } from './ask-unshared.ts';

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

/** Answers each question of the primary with the text. */
export function answerUnshared(text: () => Promise<string>, send: (answer: UnsharedAnswer) => void) {
  return ({ id }: UnsharedQuestion): void => {
    text().then(
      (body) => send({ id, text: body }),
      (error) => log('error', 'unshared metrics failed', describeError(error)),
    );
  };
}
