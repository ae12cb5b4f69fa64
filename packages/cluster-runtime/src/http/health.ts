import type { Handler } from '../core/app.ts';
import { answerText, ownRoutes } from './handler.ts';

/** Serves `/livez`, which is always 200, and `/readyz`, which is 503 while `isDraining` returns true. */
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
