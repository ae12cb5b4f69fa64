import type { WorkerExtension } from '../core/extension.ts';
import { exchangeOf } from './exchange.ts';
import { pathOf } from './path-of.ts';
import type { Step } from './step.ts';

/** Serves the routes of the extension before the application, and calls its `onRequest` first. */
export function extensionRoutes({ onRequest, routes }: WorkerExtension<never>): Step {
  return (req, res, next) => {
    onRequest?.(req);
    const path = pathOf(req.url ?? '');
    const route = routes?.get(path);
    if (route === undefined) {
      next(req, res);
      return;
    }
    exchangeOf(req, res).ownRoute = path;
    route(req, res, () => next(req, res));
  };
}
