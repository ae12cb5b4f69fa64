import type { Handler } from '../core/app.ts';
import { answerText, ownRoutes } from './handler.ts';

/**
 * Serves `/livez`, which is always 200, and `/readyz`, which is 503 while `isEnding` returns true: the whole application stops, or this
 * worker received SIGTERM.
 */
export function health(isEnding: () => boolean): Handler {
  return ownRoutes(
    new Map<string, Handler>([
      ['/livez', (_req, res) => answerText(res, 200, 'ok')],
      [
        '/readyz',
        (_req, res) => (isEnding() ? answerText(res, 503, 'draining') : answerText(res, 200, 'ok')),
      ],
    ]),
  );
}
