import { answerText } from './answer-text.ts';
import { exchangeOf } from './exchange.ts';
import { pathOf } from './path-of.ts';
import type { Step } from './step.ts';

/**
 * Serves `/livez`, which is always 200, and `/readyz`, which is 503 while `isEnding` returns true: the whole application stops, or this
 * worker received SIGTERM.
 */
export function health(isEnding: () => boolean): Step {
  return (req, res, next) => {
    const path = pathOf(req.url ?? '');
    if (path !== '/livez' && path !== '/readyz') {
      next(req, res);
      return;
    }
    exchangeOf(req, res).ownRoute = path;
    if (path === '/readyz' && isEnding()) answerText(res, 503, 'draining');
    else answerText(res, 200, 'ok');
  };
}
