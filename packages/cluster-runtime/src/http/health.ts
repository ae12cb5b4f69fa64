import type { Handler } from '../core/app.ts';
import { answerText, ownRoutes } from './handler.ts';

/** Serves `/livez`, always 200, and `/readyz`, 200 until the worker drains for the stop of the whole application, then 503. */
export function health(isDraining: () => boolean): Handler {
  return ownRoutes(
    new Map<string, Handler>([
      ['/livez', (_req, res) => answerText(res, 200, 'ok')],
      [
        '/readyz',
        (_req, res) => (isDraining() ? answerText(res, 503, 'draining') : answerText(res, 200, 'ok')),
      ],
    ]),
  );
}
