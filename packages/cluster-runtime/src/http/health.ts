import type { ServerResponse } from 'node:http';
import { answerText } from './answer-text.ts';
import { exchangeOf } from './exchange.ts';
import { pathOf } from './path-of.ts';
import type { Step } from './step.ts';

/**
 * Serves `/livez`, which is always 200, and `/readyz`, which is 503 while `isEnding` returns true (the whole application stops, or this
 * worker received SIGTERM) and while `whyNotReady` resolves with a reason, which is then the body.
 */
export function health(isEnding: () => boolean, whyNotReady?: () => Promise<string | undefined>): Step {
  return (req, res, next) => {
    const path = pathOf(req.url ?? '');
    if (path !== '/livez' && path !== '/readyz') {
      next(req, res);
      return;
    }
    exchangeOf(req, res).ownRoute = path;
    if (path === '/livez') answerText(res, 200, 'ok');
    else if (isEnding() || whyNotReady === undefined) answerReadiness(res, isEnding());
    else void whyNotReady().then((reason) => answerReadiness(res, isEnding(), reason));
  };
}

function answerReadiness(res: ServerResponse, ending: boolean, reason?: string): void {
  if (ending) answerText(res, 503, 'draining');
  else if (reason !== undefined) answerText(res, 503, reason);
  else answerText(res, 200, 'ok');
}
