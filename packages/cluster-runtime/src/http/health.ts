import type { Handler } from '../core/app.ts';
import { answerText, ownRoutes } from './handler.ts';

/** Alive as long as the process answers; ready until it drains. */
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
